"""Tables of the calendar, legal parameters and clocks."""

from __future__ import annotations

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import ArrayField, DateRangeField
from django.db import models
from django.db.models import F, Func, Q

from weimin.base.attending import Attended
from weimin.base.counties import CountyKey
from weimin.kernel.deadlines.types import LEVEL_TEXT, NOTICE_STATES, PURPOSE_TEXT, REGIME_TEXT


def _period() -> Func:
    return Func("valid_from", "valid_until", function="daterange", output_field=DateRangeField())


class CalendarNotice(models.Model):
    """One version of a year's holiday notice: read, looked at, approved, carried out, replaced."""

    year = models.PositiveSmallIntegerField("年份", help_text="哪一年的安排")
    version = models.PositiveSmallIntegerField("版次", help_text="这一年的第几版；更正就是新的一版")
    number = models.CharField("文号", max_length=60, help_text="国务院办公厅放假安排通知的文号")
    source = models.CharField("来源", max_length=200, help_text="从哪里得来、怎样核对的")
    days = models.JSONField("日子", help_text="与平常星期不同的每一天：日期、是否上班、名称")
    state = models.CharField("状态", max_length=10, choices=list(NOTICE_STATES.items()), help_text="办到哪一步")
    reason = models.CharField("说明", max_length=200, blank=True, default="", help_text="为什么装入或更正")
    loaded_at = models.DateTimeField("装入时间", help_text="什么时候装入的")
    loaded_by = models.CharField("装入人", max_length=120, help_text="谁装入的")
    loaded_account_id = models.BigIntegerField("装入账号", null=True, help_text="装入的账号；批准须另一人")
    approved_at = models.DateTimeField("批准时间", null=True, help_text="从这一刻起按它计算")
    approved_by = models.CharField("批准人", max_length=120, blank=True, default="", help_text="谁批准的")
    replaced_at = models.DateTimeField("替换时间", null=True, help_text="从这一刻起按下一版计算")
    pass_number = models.PositiveSmallIntegerField(
        "第几遍", default=1, help_text="批准后算两遍，第二遍补上批准那一刻正在办的"
    )
    cursor = models.BigIntegerField("进度", default=0, help_text="已看到哪个时钟，停下后从这里接着算")
    looked = models.PositiveIntegerField("已核算", default=0, help_text="已核算多少个在走的时钟")
    total = models.PositiveIntegerField("共有", default=0, help_text="开始核算时约有多少个在走的时钟")
    moved = models.PositiveIntegerField("有变化", default=0, help_text="多少个时钟的日期有变化")

    class Meta:
        verbose_name = "放假安排"
        constraints = [
            models.UniqueConstraint(fields=["year", "version"], name="deadlines_notice_version"),
            models.UniqueConstraint(
                fields=["year"],
                condition=Q(approved_at__isnull=False, replaced_at=None),
                name="deadlines_notice_in_force",
            ),
        ]


class NoticeShift(models.Model):
    """One open clock that a notice moves: what is shown before it is approved."""

    notice = models.ForeignKey(
        CalendarNotice, models.CASCADE, related_name="shifts", verbose_name="放假安排", help_text="哪一版安排"
    )
    clock_id = models.BigIntegerField("时钟", help_text="哪个时钟")
    purpose = models.CharField("用途", max_length=10, help_text="时钟的用途")
    subject_id = models.CharField("对象编号", max_length=40, help_text="哪一件")
    old_due = models.DateField("原法定到期日", null=True, help_text="按原安排")
    new_due = models.DateField("新法定到期日", null=True, help_text="按新安排")
    old_promise = models.DateField("原承诺到期日", null=True, help_text="按原安排")
    new_promise = models.DateField("新承诺到期日", null=True, help_text="按新安排")

    class Meta:
        verbose_name = "放假安排影响"
        indexes = [models.Index(fields=["notice", "id"], name="deadlines_shift_notice")]


class LegalParameter(models.Model):
    """A number that law or a local list fixes, from one day to another; each row is a version."""

    code = models.CharField("代码", max_length=60, help_text="参数代码，如 permit.decision")
    name = models.CharField("名称", max_length=60, default="", help_text="这个数管什么")
    value = models.DecimalField(
        "数值", max_digits=14, decimal_places=4, null=True, help_text="数值；空表示法律没有规定，等本地填"
    )
    committed = models.PositiveIntegerField("承诺数值", null=True, help_text="本地承诺的更短期限，不能超过法定")
    unit = models.CharField("单位", max_length=12, help_text="workday 工作日、day 日、month 月等")
    starts = models.CharField("从何起算", max_length=60, blank=True, default="", help_text="什么事情发生后起算")
    counts = models.CharField("怎样计算", max_length=80, blank=True, default="", help_text="哪些日子计入、含不含本数")
    approver = models.CharField("批准人", max_length=20, blank=True, default="", help_text="延长由谁批准")
    article = models.CharField("依据", max_length=80, help_text="法规代码和条文")
    valid_from = models.DateField("起", help_text="从这一天起适用")
    valid_until = models.DateField("止", null=True, help_text="到这一天为止（不含），空表示仍适用")
    certainty = models.CharField("把握", max_length=16, help_text="把握程度；凭经验的请按本地清单核对")
    note = models.CharField("备注", max_length=200, blank=True, default="", help_text="给清单管理员看的话")
    reason = models.CharField("变更理由", max_length=200, blank=True, default="", help_text="为什么有这一版")
    changed_by = models.CharField("变更人", max_length=120, default="", help_text="谁写的这一版")
    changed_at = models.DateTimeField("变更时间", null=True, help_text="什么时候写的")
    by_hand = models.BooleanField("本地变更", default=False, help_text="管理员改过的，重新装入不覆盖")
    withdrawn_at = models.DateTimeField("作废时间", null=True, help_text="写错而作废的时间；作废的不再适用")

    class Meta:
        verbose_name = "法定参数"
        constraints = [
            ExclusionConstraint(
                name="deadlines_parameter_once",
                expressions=[("code", "="), (_period(), "&&")],
                condition=Q(withdrawn_at=None),
            ),
            models.CheckConstraint(
                condition=Q(valid_until=None) | Q(valid_until__gt=F("valid_from")),
                name="deadlines_parameter_period",
            ),
            models.CheckConstraint(
                condition=Q(committed=None) | Q(committed__lte=F("value")),
                name="deadlines_parameter_promise",
            ),
        ]


class PauseGround(models.Model):
    """A lawful ground on which a clock may stand, for one regime, from one day to another."""

    regime = models.CharField("适用", max_length=12, choices=list(REGIME_TEXT.items()), help_text="适用哪一类事项")
    code = models.CharField("代码", max_length=30, help_text="情形代码，如 expert_review")
    name = models.CharField("名称", max_length=40, help_text="情形名称，如专家评审")
    article = models.CharField("依据", max_length=80, help_text="法规代码和条文")
    notice = models.BooleanField("须书面告知", help_text="是否必须把所需时间书面告知申请人")
    cap_value = models.PositiveSmallIntegerField("最长", null=True, help_text="最长多少天，空表示法律没有上限")
    cap_unit = models.CharField("最长单位", max_length=8, blank=True, default="", help_text="工作日或日")
    valid_from = models.DateField("起", help_text="从这一天起适用")
    valid_until = models.DateField("止", null=True, help_text="到这一天为止（不含），空表示仍适用")
    certainty = models.CharField("把握", max_length=16, help_text="把握程度；凭经验的请按本地清单核对")

    class Meta:
        verbose_name = "停钟情形"
        constraints = [
            ExclusionConstraint(
                name="deadlines_ground_once",
                expressions=[("regime", "="), ("code", "="), (_period(), "&&")],
            ),
        ]


class Clock(Attended):
    """One running limit on one thing; its dates are the sum of its entries."""

    purpose = models.CharField(
        "用途", max_length=10, choices=list(PURPOSE_TEXT.items()), help_text="审查、办理还是送达"
    )
    subject_type = models.CharField("对象类别", max_length=20, help_text="给哪类东西计时")
    subject_id = models.CharField("对象编号", max_length=40, help_text="那个东西的编号")
    parent = models.ForeignKey(
        "self", models.CASCADE, null=True, related_name="children", verbose_name="总钟", help_text="属于哪个总钟"
    )
    label = models.CharField("名称", max_length=60, blank=True, default="", help_text="环节或机构的名称")
    regime = models.CharField(
        "适用", max_length=12, choices=list(REGIME_TEXT.items()), default="service", help_text="按哪一类法律停钟和延长"
    )
    grounds = ArrayField(models.CharField(max_length=30), default=list, help_text="开始时允许的停钟情形，以后不变")
    extend_code = models.CharField("延长依据", max_length=60, blank=True, default="", help_text="允许延长的参数代码")
    agency = models.ForeignKey(
        "directory.Agency", models.PROTECT, null=True, related_name="+", verbose_name="承办机构", help_text="谁负责按期"
    )
    place = models.CharField("乡镇", max_length=12, blank=True, default="", help_text="所在乡镇的代码")
    start_date = models.DateField("起算日", help_text="事件发生的当天，不计入")
    statutory_value = models.PositiveSmallIntegerField("法定期限", null=True, help_text="法定期限的数值")
    statutory_unit = models.CharField("法定单位", max_length=8, blank=True, default="", help_text="法定期限的单位")
    committed_value = models.PositiveSmallIntegerField("承诺期限", null=True, help_text="承诺期限的数值")
    committed_unit = models.CharField("承诺单位", max_length=8, blank=True, default="", help_text="承诺期限的单位")
    article = models.CharField("依据", max_length=120, blank=True, default="", help_text="期限的法律依据")
    due_date = models.DateField("法定到期日", null=True, help_text="由台账算出")
    committed_due_date = models.DateField("承诺到期日", null=True, help_text="由台账算出")
    provisional = models.BooleanField("暂定", default=False, help_text="跨入未公布放假安排的年份")
    state = models.CharField(
        "状态",
        max_length=8,
        choices=[("running", "计时中"), ("paused", "已停钟"), ("stopped", "已结束")],
        help_text="计时中、停钟或结束",
    )
    stopped_on = models.DateField("结束日", null=True, help_text="哪天结束计时")
    stopped_at = models.DateTimeField("结束时刻", null=True, help_text="什么时候记的结束；解释日期用当时的日历")
    planned_until = models.DateField("预计恢复", null=True, help_text="停钟时告知的所需时间到哪天")
    yellow_on = models.DateField("黄色起", null=True, help_text="从这天起剩下不多")
    red_on = models.DateField("红色起", null=True, help_text="从这天起所剩无几")
    level = models.PositiveSmallIntegerField(
        "预警", default=0, choices=[(int(k), v) for k, v in LEVEL_TEXT.items()], help_text="由台账算出的预警等级"
    )
    county = CountyKey(of="place")

    class Meta:
        verbose_name = "时钟"
        indexes = [
            *Attended.Meta.indexes,
            models.Index(fields=["subject_type", "subject_id"], name="deadlines_clock_subject"),
            models.Index(fields=["due_date"], name="deadlines_clock_open", condition=~Q(state="stopped")),
            models.Index(fields=["id"], name="deadlines_clock_live", condition=~Q(state="stopped")),
            models.Index(fields=["parent"], name="deadlines_clock_parts", condition=Q(parent__isnull=False)),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(committed_due_date=None) | Q(due_date=None) | Q(committed_due_date__lte=F("due_date")),
                name="deadlines_clock_promise",
            ),
        ]


class ClockEntry(models.Model):
    """One entry of a clock's ledger; entries are added, never changed."""

    clock = models.ForeignKey(Clock, models.CASCADE, related_name="entries", verbose_name="时钟", help_text="哪个时钟")
    kind = models.CharField(
        "种类",
        max_length=8,
        choices=[
            ("start", "起算"),
            ("pause", "停钟"),
            ("resume", "恢复"),
            ("extend", "延长"),
            ("correct", "更正"),
            ("calendar", "日历变化"),
            ("stop", "结束"),
        ],
        help_text="起算、停钟、恢复、延长、更正、日历变化或结束",
    )
    on = models.DateField("日期", help_text="从哪一天起")
    until = models.DateField("到", null=True, help_text="停钟时告知的预计结束日；日历变化后的日期")
    value = models.SmallIntegerField("数值", null=True, help_text="延长的数值")
    ground = models.CharField("停钟情形", max_length=30, blank=True, default="", help_text="停钟情形的代码")
    reason = models.CharField("事由", max_length=200, blank=True, default="", help_text="为什么")
    notice = models.CharField("书面告知", max_length=40, blank=True, default="", help_text="哪份文书告知了申请人")
    corrects = models.ForeignKey(
        "self", models.PROTECT, null=True, related_name="+", verbose_name="更正哪条", help_text="更正的是哪一条"
    )
    cause = models.ForeignKey(
        "self", models.PROTECT, null=True, related_name="+", verbose_name="起因", help_text="由哪个时钟的哪一条带来"
    )
    struck = models.BooleanField("取消", default=False, help_text="更正是否把那一条整条取消")
    article = models.CharField("依据", max_length=80, blank=True, default="", help_text="法律依据")
    by_label = models.CharField("谁", max_length=120, help_text="谁记的")
    at = models.DateTimeField("记入时间", help_text="什么时候记的")
    county = CountyKey(of="clock")

    class Meta:
        verbose_name = "时钟台账"
