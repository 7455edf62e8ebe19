"""Tables of warnings, orders, reasons for overruns and findings."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from weimin.base.counties import CountyKey
from weimin.kernel.deadlines.types import LEVEL_TEXT
from weimin.kernel.supervision.types import AUDIENCE_TEXT, ORDER_TEXT, PATTERN_TEXT


class Warning(models.Model):
    """A clock passed a threshold; the record stays whatever becomes of it."""

    clock = models.ForeignKey(
        "deadlines.Clock", models.PROTECT, related_name="+", verbose_name="时钟", help_text="哪个时钟"
    )
    level = models.PositiveSmallIntegerField(
        "等级", choices=[(int(k), v) for k, v in LEVEL_TEXT.items() if k], help_text="黄、红、超承诺、超法定"
    )
    audience = models.CharField(
        "报给谁", max_length=12, choices=list(AUDIENCE_TEXT.items()), help_text="逐级上报到哪一级"
    )
    subject_type = models.CharField("对象类别", max_length=20, help_text="办件、督办单等")
    subject_id = models.CharField("对象编号", max_length=40, help_text="哪一件")
    title = models.CharField("内容", max_length=160, help_text="事项名称和环节")
    agency = models.ForeignKey(
        "directory.Agency", models.PROTECT, null=True, related_name="+", verbose_name="承办机构", help_text="谁负责按期"
    )
    place = models.CharField("乡镇", max_length=12, help_text="所在区划的代码")
    due = models.DateField("到期日", null=True, help_text="当时的到期日")
    raised_at = models.DateTimeField("预警时间", help_text="什么时候报的")
    eased_at = models.DateTimeField("解除时间", null=True, help_text="期限变化（停钟、延长、放假）后解除的时间")
    contest = models.CharField(
        "申诉",
        max_length=10,
        blank=True,
        default="",
        choices=[("contested", "已申诉"), ("upheld", "维持"), ("lifted", "撤销")],
        help_text="承办人对预警的申诉和复核结果",
    )
    contest_reason = models.CharField("申诉理由", max_length=400, blank=True, default="", help_text="为什么不认可")
    contested_by = models.CharField("申诉人", max_length=120, blank=True, default="", help_text="谁申诉的")
    contested_at = models.DateTimeField("申诉时间", null=True, help_text="什么时候申诉的")
    contest_clock = models.ForeignKey(
        "deadlines.Clock", models.PROTECT, null=True, related_name="+", verbose_name="复核时钟", help_text="复核的期限"
    )
    judged_reason = models.CharField("复核意见", max_length=400, blank=True, default="", help_text="维持或撤销的理由")
    judged_by = models.CharField("复核人", max_length=120, blank=True, default="", help_text="谁复核的")
    judged_at = models.DateTimeField("复核时间", null=True, help_text="什么时候复核的")
    county = CountyKey(of="place")

    class Meta:
        verbose_name = "预警"
        constraints = [models.UniqueConstraint(fields=["clock", "level"], name="supervision_warning_once")]
        indexes = [
            models.Index(fields=["agency", "-raised_at", "-id"], name="supervision_warning_agency"),
            models.Index(fields=["place", "-raised_at", "-id"], name="supervision_warning_place"),
            models.Index(fields=["-raised_at", "-id"], name="supervision_warning_newest"),
            models.Index(fields=["place"], name="supervision_warning_contest", condition=Q(contest="contested")),
        ]


class Order(models.Model):
    """An order to a body that needs an answer in time."""

    warning = models.ForeignKey(
        Warning, models.PROTECT, null=True, related_name="orders", verbose_name="预警", help_text="由哪条预警而来"
    )
    agency = models.ForeignKey(
        "directory.Agency", models.PROTECT, related_name="+", verbose_name="承办机构", help_text="督办谁"
    )
    place = models.CharField("乡镇", max_length=12, help_text="所在区划的代码")
    subject_id = models.CharField("办件", max_length=40, blank=True, default="", help_text="督办哪一件")
    title = models.CharField("内容", max_length=160, help_text="督办什么")
    text = models.TextField("要求", help_text="要做到什么")
    issued_by = models.CharField("签发人", max_length=120, help_text="谁签发的")
    issued_agency = models.ForeignKey(
        "directory.Agency", models.PROTECT, null=True, related_name="+", verbose_name="签发机构", help_text="空表示系统"
    )
    issued_at = models.DateTimeField("签发时间", help_text="什么时候签发的")
    clock = models.ForeignKey(
        "deadlines.Clock", models.PROTECT, null=True, related_name="+", verbose_name="答复时钟", help_text="答复的期限"
    )
    due_on = models.DateField("答复期限", null=True, help_text="最迟哪天答复，由时钟算出")
    state = models.CharField("状态", max_length=8, choices=list(ORDER_TEXT.items()), help_text="办到哪一步")
    answer = models.TextField("答复", blank=True, default="", help_text="怎么办的、什么时候办完")
    answered_by = models.CharField("答复人", max_length=120, blank=True, default="", help_text="谁答复的")
    answered_at = models.DateTimeField("答复时间", null=True, help_text="什么时候答复的")
    review = models.CharField("认可意见", max_length=400, blank=True, default="", help_text="认可或退回的话")
    reviewed_by = models.CharField("认可人", max_length=120, blank=True, default="", help_text="谁认可或退回的")
    reviewed_at = models.DateTimeField("认可时间", null=True, help_text="什么时候认可或退回的")
    county = CountyKey(of="place")

    class Meta:
        verbose_name = "督办单"
        constraints = [
            models.UniqueConstraint(
                fields=["warning"], condition=Q(issued_agency=None), name="supervision_order_automatic_once"
            )
        ]
        indexes = [
            models.Index(fields=["agency", "state", "due_on"], name="supervision_order_agency"),
            models.Index(fields=["place", "-id"], name="supervision_order_place"),
        ]


class OverrunReason(models.Model):
    """The duty to say in public why a limit was overrun, and its fulfilment."""

    subject_clock = models.OneToOneField(
        "deadlines.Clock", models.PROTECT, related_name="+", verbose_name="超期的时钟", help_text="哪个时钟超期"
    )
    subject_id = models.CharField("办件", max_length=40, help_text="哪一件")
    title = models.CharField("事项", max_length=160, help_text="事项名称")
    agency = models.ForeignKey(
        "directory.Agency", models.PROTECT, null=True, related_name="+", verbose_name="承办机构", help_text="谁要说明"
    )
    place = models.CharField("乡镇", max_length=12, help_text="所在区划的代码")
    level = models.PositiveSmallIntegerField(
        "超的是", choices=[(3, "承诺期限"), (4, "法定期限")], help_text="超了承诺还是法定期限"
    )
    due = models.DateField("到期日", null=True, help_text="本该哪天办完")
    public = models.BooleanField("可公开", help_text="事项可以上公开名单；涉及儿童和困难家庭的只告知本人")
    opened_at = models.DateTimeField("产生时间", help_text="什么时候产生这项义务")
    clock = models.ForeignKey(
        "deadlines.Clock", models.PROTECT, null=True, related_name="+", verbose_name="说明时钟", help_text="说明的期限"
    )
    due_on = models.DateField("说明期限", null=True, help_text="最迟哪天说明，由时钟算出")
    reason = models.CharField("原因", max_length=400, blank=True, default="", help_text="公开说明的超期原因")
    written_by = models.CharField("说明人", max_length=120, blank=True, default="", help_text="谁写的")
    written_at = models.DateTimeField("说明时间", null=True, help_text="什么时候说明的")
    county = CountyKey(of="place")

    class Meta:
        verbose_name = "超期原因说明"
        indexes = [
            models.Index(fields=["agency", "due_on"], name="supervision_reason_open", condition=Q(written_at=None)),
            models.Index(
                fields=["-written_at", "-id"],
                name="supervision_reason_public",
                condition=Q(public=True, written_at__isnull=False),
            ),
        ]


class Finding(models.Model):
    """A pattern in a clock's life that smells, with its evidence; a person looks at it and says what it was."""

    pattern = models.CharField("情形", max_length=20, choices=list(PATTERN_TEXT.items()), help_text="哪种情形")
    key = models.CharField("标识", max_length=80, help_text="同一件事只列一次")
    subject_id = models.CharField("对象编号", max_length=40, help_text="哪一件")
    clock_id = models.BigIntegerField("时钟", null=True, help_text="哪个时钟")
    agency = models.ForeignKey(
        "directory.Agency", models.PROTECT, null=True, related_name="+", verbose_name="机构", help_text="哪个机构"
    )
    place = models.CharField("乡镇", max_length=12, blank=True, default="", help_text="所在区划的代码")
    on = models.DateField("日期", help_text="发生在哪天")
    evidence = models.CharField("证据", max_length=400, help_text="凭什么列出来：日期、人、前后记录")
    found_at = models.DateTimeField("列出时间", help_text="什么时候列出的")
    explained = models.CharField("核查结果", max_length=400, blank=True, default="", help_text="看过以后写明是怎么回事")
    sound = models.BooleanField("属正常", null=True, help_text="核查后是正常还是有问题，空表示没看")
    explained_by = models.CharField("核查人", max_length=120, blank=True, default="", help_text="谁核查的")
    explained_at = models.DateTimeField("核查时间", null=True, help_text="什么时候核查的")
    county = CountyKey(of="place")

    class Meta:
        verbose_name = "时钟异常"
        constraints = [models.UniqueConstraint(fields=["pattern", "key"], name="supervision_finding_once")]
        indexes = [models.Index(fields=["place", "-on", "-id"], name="supervision_finding_place")]


class Count(models.Model):
    """What every figure has: how many records of a measure, in one month or day, of one item; no person in it."""

    kind = models.CharField("对象", max_length=12, help_text="数的是哪类记录：办件、预警")
    measure = models.CharField("指标", max_length=32, help_text="指标的代码，如 cases.received 收件")
    day = models.DateField("月份或日期", help_text="按月的指标是当月 1 日，按天的是那一天")
    item = models.CharField("事项", max_length=24, help_text="事项代码；* 表示全部事项合计")
    public = models.BooleanField("可公开", help_text="事项可以上公开名单；涉及儿童和困难家庭的不可以")
    n = models.IntegerField("件数", help_text="有多少件")
    late = models.IntegerField("超期", help_text="其中超期的件数")
    used = models.IntegerField("用时", help_text="有期限的共用了多少天")
    allowed = models.IntegerField("期限", help_text="有期限的共给了多少天")

    class Meta:
        abstract = True


class Tally(Count):
    """A figure of one place and body by itself."""

    place = models.CharField("乡镇", max_length=12, help_text="所在区划的代码")
    agency = models.ForeignKey(
        "directory.Agency", models.PROTECT, null=True, related_name="+", verbose_name="机构", help_text="空表示不分机构"
    )

    class Meta:
        verbose_name = "指标数"
        constraints = [
            models.UniqueConstraint(
                fields=["measure", "day", "item", "place", "agency", "public"],
                nulls_distinct=False,
                name="supervision_tally_once",
            )
        ]
        indexes = [
            models.Index(fields=["place", "day", "item"], name="supervision_tally_place"),
            models.Index(fields=["agency", "day", "item"], name="supervision_tally_agency"),
        ]


class PlaceTally(Count):
    """A figure of a county, city or province with all that lies in it: what its places' tallies without a body add up
    to. Warnings of a body are no part of it: their tallies have a body each."""

    place = models.CharField("县区以上", max_length=12, help_text="县区、市或省的代码")

    class Meta:
        verbose_name = "合计数"
        constraints = [
            models.UniqueConstraint(
                fields=["place", "day", "item", "measure", "public"], name="supervision_placetally_once"
            )
        ]


class Contribution(models.Model):
    """What one record counted for when it was counted last; a new count moves the tallies by the difference."""

    kind = models.CharField("对象", max_length=12, help_text="数的是哪类记录：办件、预警")
    subject_id = models.BigIntegerField("对象编号", help_text="哪一条记录")
    lines = models.JSONField("计数", help_text="它在哪些指标、月份、地方、机构、事项里各数了多少")

    class Meta:
        verbose_name = "已计数"
        constraints = [models.UniqueConstraint(fields=["kind", "subject_id"], name="supervision_contribution_once")]


class Recount(models.Model):
    """A record that changed and has to be counted again; gone when it is done."""

    kind = models.CharField("对象", max_length=12, help_text="数的是哪类记录：办件、预警")
    subject_id = models.BigIntegerField("对象编号", help_text="哪一条记录")
    at = models.DateTimeField("变动时间", help_text="什么时候变的")

    class Meta:
        verbose_name = "待重数"


class FigureCheck(models.Model):
    """What came of comparing the tallies of some months with the records."""

    at = models.DateTimeField("时间", help_text="什么时候核对的")
    since = models.DateField("起", help_text="从哪个月起")
    until = models.DateField("止", help_text="到哪个月前")
    found = models.PositiveIntegerField("不一致", help_text="有几个数和记录不一致")
    told = models.JSONField("哪些", default=list, help_text="前几个不一致的：指标、月份、地方、事项、统计数、实际数")
    mended = models.BooleanField("已改正", default=False, help_text="是否当场按记录改正")

    class Meta:
        verbose_name = "指标核对"
        indexes = [models.Index(fields=["-at"], name="supervision_check_newest")]
