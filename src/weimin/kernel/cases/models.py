"""Tables of matters. What lists filter and sort by stands on the row they list."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from weimin.base.attending import Attended
from weimin.base.counties import CountyKey
from weimin.kernel.cases.types import CHANNEL_TEXT, OUTCOME_TEXT, PAPER_TEXT, STATE_TEXT, STEP_TEXT


class CaseCounter(models.Model):
    """The last serial given out by a township on a day."""

    prefix = models.CharField("前缀", max_length=20, primary_key=True, help_text="乡镇代码和日期")
    value = models.PositiveIntegerField("流水号", help_text="当天最后一个流水号")

    class Meta:
        verbose_name = "办件流水号"


class Case(Attended):
    """One matter of one applicant, with the versions it started with."""

    number = models.CharField("办件编号", max_length=24, unique=True, help_text="乡镇、日期和流水号")
    item_version = models.ForeignKey(
        "catalogue.ItemVersion",
        models.PROTECT,
        related_name="+",
        verbose_name="事项版本",
        help_text="提交时的事项版本，以后不变",
    )
    offer = models.ForeignKey(
        "catalogue.Offer", models.PROTECT, related_name="+", verbose_name="事项进驻", help_text="在哪个乡镇办"
    )
    township = models.ForeignKey(
        "directory.Division",
        models.PROTECT,
        related_name="+",
        db_index=False,  # cases_case_township begins with it
        verbose_name="受理乡镇",
        help_text="受理的乡镇（街道）",
    )
    committed_days = models.PositiveSmallIntegerField(
        "本地承诺天数", null=True, help_text="提交时乡镇承诺的更短天数，空表示按清单；单位和清单一样"
    )
    delegation = models.CharField(
        "授权编号", max_length=40, blank=True, default="", db_default="", help_text="提交时按哪一份赋权或委托由乡镇决定"
    )
    authority = models.JSONField(
        "决定权", null=True, help_text="提交时由谁决定、以谁的名义、按哪一份赋权或委托；和赋权无关的为空"
    )
    applicant = models.ForeignKey(
        "residents.Resident",
        models.PROTECT,
        null=True,
        related_name="+",
        db_index=False,  # cases_case_person begins with it
        verbose_name="申请人",
        help_text="给谁办的；依职权登记的可以为空",
    )
    applicant_shown = models.CharField("申请人（隐去）", max_length=60, help_text="列表上显示的姓名，只留姓")
    item_name = models.CharField("事项名称", max_length=120, help_text="提交时的事项名称")
    channel = models.CharField(
        "渠道",
        max_length=12,
        choices=[(k.value, v) for k, v in CHANNEL_TEXT.items()],
        help_text="从哪里提交的",
    )
    state = models.CharField(
        "状态",
        max_length=12,
        choices=[(k.value, v) for k, v in STATE_TEXT.items()],
        help_text="法律上的状态",
    )
    revision = models.PositiveIntegerField("修订号", default=1, help_text="每办一步加 1，防止两人同时改")
    instance = models.ForeignKey(
        "procedures.Instance",
        models.PROTECT,
        null=True,
        related_name="+",
        verbose_name="流程实例",
        help_text="这一件走的流程",
    )
    answers_sealed = models.BinaryField("表单内容", help_text="填写的内容，加密保存")
    delivery = models.CharField(
        "领取方式",
        max_length=8,
        choices=[("pickup", "窗口领取"), ("post", "邮寄"), ("online", "网上查看")],
        help_text="结果怎么给申请人",
    )
    post_sealed = models.BinaryField(
        "邮寄地址", null=True, help_text="邮寄的收件人、电话和地址，加密保存；不邮寄的为空"
    )
    seen_papers = models.JSONField(
        "已核对的纸质材料",
        default=list,
        db_default=[],
        help_text="收件时窗口核对过原件的材料：代码、名称、谁、什么时候",
    )
    submitted_at = models.DateTimeField("收件时间", help_text="收到申请的时间")
    received_on = models.DateField(
        "收件日", null=True, help_text="依法算作收到的那一天；窗口下班后交的可能是下一个工作日"
    )
    renews_until = models.DateField(
        "原证有效期", null=True, help_text="申请延续的许可到哪天有效；到期未决定视为准予延续"
    )
    accepted_at = models.DateTimeField("受理时间", null=True, help_text="受理的时间；视为受理的是收件时间")
    accepted_how = models.CharField(
        "受理方式",
        max_length=8,
        blank=True,
        default="",
        choices=[("clerk", "审查受理"), ("silence", "视为受理")],
        help_text="工作人员受理，还是逾期未告知视为受理",
    )
    decided_at = models.DateTimeField("决定时间", null=True, help_text="作出决定的时间")
    ended_at = models.DateTimeField("结束时间", null=True, help_text="办结、不予受理、撤回或终止的时间")
    due_on = models.DateField("本阶段期限", null=True, help_text="由时钟台账算出的本阶段最后一天")
    statutory_due_on = models.DateField("法定期限", null=True, help_text="由时钟台账算出的法定最后一天")
    due_provisional = models.BooleanField(
        "期限暂定", default=False, help_text="跨入尚未公布放假安排的年份，期限是暂定的"
    )
    clock = models.ForeignKey(
        "deadlines.Clock",
        models.PROTECT,
        null=True,
        related_name="+",
        verbose_name="本阶段时钟",
        help_text="现在走着的时钟",
    )
    outcome = models.CharField("结论", max_length=10, blank=True, default="", help_text="准予或不予批准")
    notice = models.CharField(
        "告知书版本",
        max_length=12,
        blank=True,
        default="",
        db_default="",
        help_text="提交前给申请人看的处理个人信息告知书是哪一版，空表示别的系统交来的",
    )
    guardian_sealed = models.BinaryField(
        "监护人", null=True, help_text="不满 14 周岁的，监护人姓名和关系，加密保存；没有的为空"
    )
    destroyed_under = models.CharField(
        "销毁证书",
        max_length=32,
        blank=True,
        default="",
        db_default="",
        help_text="保管期满后内容销毁的证书编号，没有销毁的为空",
    )
    county = CountyKey(of="township")

    class Meta:
        verbose_name = "办件"
        indexes = [
            *Attended.Meta.indexes,
            models.Index(fields=["township", "-submitted_at", "-id"], name="cases_case_township"),
            # with all that the wall asks, so that of a person's matters only those are read that the viewer may see
            models.Index(
                fields=["applicant", "-submitted_at"], include=["id", "township", "number"], name="cases_case_person"
            ),
            models.Index(
                fields=["township", "-ended_at"], name="cases_case_ended", condition=Q(ended_at__isnull=False)
            ),
            models.Index(
                fields=["delegation", "-submitted_at"], name="cases_case_delegation", condition=~Q(delegation="")
            ),
        ]


class Step(models.Model):
    """One piece of work on a matter, waiting for an agency and role or done."""

    case = models.ForeignKey(
        Case,
        models.CASCADE,
        related_name="steps",
        db_index=False,  # cases_step_task_once begins with it
        verbose_name="办件",
        help_text="哪一件",
    )
    task_id = models.CharField("流程任务", max_length=64, help_text="流程引擎里的任务编号")
    bpmn_id = models.CharField("流程节点", max_length=64, help_text="流程图上的节点")
    kind = models.CharField("种类", max_length=12, choices=list(STEP_TEXT.items()), help_text="这一步做什么")
    name = models.CharField("名称", max_length=60, help_text="流程图上的名称")
    outcomes = models.CharField("可选结论", max_length=60, help_text="可以给出的结论，空格分开")
    agency = models.ForeignKey(
        "directory.Agency",
        models.PROTECT,
        related_name="+",
        db_index=False,  # cases_step_agency begins with it
        verbose_name="承办机构",
        help_text="由谁办",
    )
    role = models.CharField("岗位", max_length=16, help_text="由哪类岗位办")
    state = models.CharField(
        "状态",
        max_length=9,
        choices=[("open", "待办"), ("waiting", "等申请人"), ("done", "已办"), ("cancelled", "已取消")],
        help_text="待办、等申请人补正、已办或取消",
    )
    assignee = models.ForeignKey(
        "directory.Officer",
        models.PROTECT,
        null=True,
        related_name="+",
        verbose_name="承办人",
        help_text="谁领了这一步，空表示还没人领",
    )
    assignee_name = models.CharField("承办人姓名", max_length=60, blank=True, default="", help_text="当时的姓名")
    due_on = models.DateField("期限", null=True, help_text="这一步最迟哪天办完")
    clock = models.ForeignKey(
        "deadlines.Clock",
        models.PROTECT,
        null=True,
        related_name="+",
        verbose_name="环节时钟",
        help_text="这一环节自己的时钟；没有的跟总期限走",
    )
    opened_at = models.DateTimeField("到达时间", help_text="到这个环节的时间")
    done_at = models.DateTimeField("办理时间", null=True, help_text="办完的时间")
    outcome = models.CharField("结论", max_length=12, blank=True, default="", help_text="办理结论")
    opinion = models.TextField("意见", blank=True, default="", help_text="内部办理意见，群众看不到")
    county = CountyKey(of="case")

    class Meta:
        verbose_name = "环节"
        indexes = [
            # a body's open steps in the order of an inbox, with all that is counted of them
            models.Index(
                fields=["agency", "due_on", "id"],
                include=["case", "role", "kind", "assignee"],
                name="cases_step_open",
                condition=Q(state="open"),
            ),
            models.Index(fields=["agency", "case"], name="cases_step_agency"),
            models.Index(fields=["agency", "-done_at"], name="cases_step_done", condition=Q(state="done")),
        ]
        constraints = [
            models.UniqueConstraint(fields=["case", "task_id"], name="cases_step_task_once"),
        ]

    @property
    def outcome_text(self) -> str:
        """The outcome in words."""
        return OUTCOME_TEXT.get(self.outcome, self.outcome)


class Supplement(models.Model):
    """The one complete list of what is missing, and the answer to it."""

    case = models.ForeignKey(Case, models.CASCADE, related_name="supplements", verbose_name="办件", help_text="哪一件")
    items = models.JSONField("要补的内容", help_text="每一项：材料代码、名称、要怎么补")
    note = models.TextField("说明", blank=True, default="", help_text="写给申请人的话")
    asked_at = models.DateTimeField("告知时间", help_text="什么时候告知的")
    asked_by = models.CharField("告知人", max_length=120, help_text="谁告知的")
    answer_due_on = models.DateField("补正期限", help_text="最迟哪天补齐")
    answered_at = models.DateTimeField("补正时间", null=True, help_text="什么时候补齐的")
    county = CountyKey(of="case")

    class Meta:
        verbose_name = "补正"
        constraints = [
            models.UniqueConstraint(fields=["case"], name="cases_supplement_once"),
        ]


class Draft(models.Model):
    """An application that is being filled in; kept so that it can be resumed on any device."""

    account = models.ForeignKey(
        "accounts.Account", models.CASCADE, related_name="+", verbose_name="账号", help_text="谁在填"
    )
    item_version = models.ForeignKey(
        "catalogue.ItemVersion",
        models.PROTECT,
        related_name="+",
        verbose_name="事项版本",
        help_text="开始填写时的版本",
    )
    township = models.ForeignKey(
        "directory.Division", models.PROTECT, related_name="+", verbose_name="乡镇", help_text="交给哪个乡镇"
    )
    answers_sealed = models.BinaryField("已填内容", help_text="已填的内容，加密保存")
    delivery = models.CharField("领取方式", max_length=8, default="pickup", help_text="结果怎么领")
    post_sealed = models.BinaryField("邮寄地址", null=True, help_text="已填的邮寄地址，加密保存")
    key = models.CharField("提交编号", max_length=40, help_text="提交时用的一次性编号，双击也只成一件")
    updated_at = models.DateTimeField("更新时间", help_text="最近一次保存")
    case = models.ForeignKey(
        Case, models.SET_NULL, null=True, related_name="+", verbose_name="办件", help_text="提交后成为哪一件"
    )
    county = CountyKey(of="township")

    class Meta:
        verbose_name = "草稿"
        constraints = [
            models.UniqueConstraint(
                fields=["account", "item_version", "township"],
                condition=Q(case=None),
                name="cases_draft_once",
            ),
        ]


class CaseFile(models.Model):
    """A file handed in with a draft, an application or a supplement."""

    case = models.ForeignKey(
        Case, models.CASCADE, null=True, related_name="files", verbose_name="办件", help_text="哪一件"
    )
    draft = models.ForeignKey(
        Draft, models.SET_NULL, null=True, related_name="files", verbose_name="草稿", help_text="哪份草稿"
    )
    blob = models.ForeignKey("record.Blob", models.PROTECT, related_name="+", verbose_name="内容", help_text="文件内容")
    material_code = models.CharField("材料代码", max_length=40, help_text="对应事项的哪项材料")
    name = models.CharField("文件名", max_length=120, help_text="上传时的文件名")
    uploaded_at = models.DateTimeField("上传时间", help_text="什么时候上传的")
    uploaded_by = models.CharField("上传人", max_length=120, help_text="谁上传的")
    owner_account_id = models.BigIntegerField("上传账号", null=True, help_text="上传的账号，提交前只有它能看")
    stage = models.CharField("阶段", max_length=10, default="submit", help_text="提交时还是补正时")
    county = CountyKey(of="case")

    class Meta:
        verbose_name = "办件材料"
        constraints = [
            models.CheckConstraint(
                condition=Q(case__isnull=False) | Q(draft__isnull=False) | Q(owner_account_id__isnull=False),
                name="cases_file_belongs",
            ),
        ]


class Decision(models.Model):
    """A decision signed by a person; a mistake is mended by a further row, never by overwriting."""

    case = models.ForeignKey(Case, models.CASCADE, related_name="decisions", verbose_name="办件", help_text="哪一件")
    kind = models.CharField(
        "类别",
        max_length=10,
        choices=[("refusal", "不予受理"), ("decision", "决定"), ("tacit", "依法视为准予"), ("erratum", "更正")],
        help_text="不予受理、办理决定、依法视为准予或笔误更正",
    )
    outcome = models.CharField("结论", max_length=10, help_text="准予、不予或更正")
    reasons = models.TextField("理由", help_text="写给申请人的理由")
    basis = models.TextField("依据", help_text="法律依据")
    decided_at = models.DateTimeField("时间", help_text="决定的时间")
    agency = models.ForeignKey(
        "directory.Agency", models.PROTECT, related_name="+", verbose_name="决定机构", help_text="以谁的名义"
    )
    officer_name = models.CharField("决定人", max_length=60, help_text="签字的人")
    corrects = models.ForeignKey(
        "self",
        models.PROTECT,
        null=True,
        related_name="+",
        verbose_name="更正哪一条",
        help_text="笔误更正的对象",
    )
    county = CountyKey(of="case")

    class Meta:
        verbose_name = "决定"


class Paper(models.Model):
    """A paper as it was made out; its content never changes, its PDF is drawn from it."""

    case = models.ForeignKey(Case, models.CASCADE, related_name="papers", verbose_name="办件", help_text="哪一件")
    kind = models.CharField(
        "文书", max_length=12, choices=[(k.value, v) for k, v in PAPER_TEXT.items()], help_text="哪种文书"
    )
    made_at = models.DateTimeField("制作时间", help_text="什么时候出的")
    content_sealed = models.BinaryField("内容", help_text="文书内容，加密保存")
    county = CountyKey(of="case")

    class Meta:
        verbose_name = "文书"


class TimelineEntry(models.Model):
    """One thing that happened, in words; what the resident sees is apart from what staff see."""

    case = models.ForeignKey(Case, models.CASCADE, related_name="timeline", verbose_name="办件", help_text="哪一件")
    at = models.DateTimeField("时间", help_text="什么时候")
    kind = models.CharField("种类", max_length=24, help_text="发生了什么")
    public_text = models.CharField(
        "公开文字", max_length=400, blank=True, default="", help_text="申请人看到的话，空则不显示"
    )
    inner_text = models.CharField("内部文字", max_length=400, blank=True, default="", help_text="工作人员看到的话")
    by_label = models.CharField("谁", max_length=120, help_text="单位和姓名")
    agency_name = models.CharField("单位", max_length=80, blank=True, default="", help_text="申请人看到的办理单位")
    due_on = models.DateField("期限", null=True, help_text="由此产生的期限")
    clock_id = models.BigIntegerField("时钟", null=True, help_text="期限来自哪个时钟")
    county = CountyKey(of="case")

    class Meta:
        verbose_name = "办件经过"


class Comment(models.Model):
    """What staff tell each other about a matter; never shown to the applicant."""

    case = models.ForeignKey(Case, models.CASCADE, related_name="comments", verbose_name="办件", help_text="哪一件")
    at = models.DateTimeField("时间", help_text="什么时候")
    by_label = models.CharField("谁", max_length=120, help_text="单位和姓名")
    text = models.TextField("内容", help_text="内部讨论")
    county = CountyKey(of="case")

    class Meta:
        verbose_name = "内部意见"
