"""Tables of attempts, tasks, targets, reports, county matters and opinions. No residents' data stands in them."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q

from weimin.apps.taskadmission import types


class Task(models.Model):
    """Work that a county body wants townships or villages to do, complete in every part the gate asks for."""

    agency = models.ForeignKey(
        "directory.Agency",
        models.PROTECT,
        related_name="+",
        verbose_name="下达部门",
        help_text="要求承担任务的县级部门",
    )
    county = models.ForeignKey(
        "directory.Division", models.PROTECT, related_name="+", verbose_name="县区", help_text="部门所在的县区"
    )
    title = models.CharField("任务名称", max_length=100, help_text="一句话说清是什么任务")
    content = models.TextField("要做什么", help_text="具体工作内容和要求")
    target = models.CharField(
        "承接层级", max_length=10, choices=list(types.TARGETS.items()), help_text="下给乡镇还是村"
    )
    form = models.CharField(
        "对村的方式",
        max_length=10,
        blank=True,
        default="",
        choices=list(types.FORMS.items()),
        help_text="对村只有指导、协助、委托三种，没有命令",
    )
    field = models.CharField("工作类别", max_length=12, choices=list(types.FIELDS.items()), help_text="属于哪一类工作")
    responsible = models.CharField(
        "责任主体", max_length=10, choices=list(types.RESPONSIBLE.items()), help_text="谁对结果负责"
    )
    row = models.ForeignKey(
        "catalogue.ItemVersion",
        models.PROTECT,
        null=True,
        related_name="+",
        verbose_name="清单条目",
        help_text="下达当天现行的清单版本；空表示不在清单上",
    )
    row_code = models.CharField("清单代码", max_length=40, blank=True, default="", help_text="清单条目的代码")
    basis = models.CharField("依据", max_length=300, help_text="法律法规或文件的名称和条款")
    starts = models.DateField("开始日期", help_text="任务从哪天开始")
    ends = models.DateField("完成期限", help_text="任务最迟哪天完成，含当天")
    amount = models.DecimalField("经费（元）", max_digits=14, decimal_places=2, help_text="随任务下达的经费")
    amount_source = models.CharField("经费来源", max_length=200, blank=True, default="", help_text="钱从哪里来")
    zero_reason = models.CharField(
        "无经费的理由", max_length=300, blank=True, default="", help_text="经费为零时为什么不需要"
    )
    people = models.CharField("人员", max_length=300, help_text="要多少人、什么人、从哪里来")
    contact = models.CharField("联系人", max_length=120, help_text="部门的联系人和办公电话，不对外公开")
    state = models.CharField("状态", max_length=10, choices=list(types.STATES.items()), help_text="准入到哪一步")
    asked_at = models.DateTimeField("申请时间", help_text="什么时候交到准入关口")
    by_label = models.CharField("申请人", max_length=120, help_text="哪个单位的谁提交的")
    account_id = models.BigIntegerField("申请账号", null=True, help_text="提交人的账号编号")
    clock = models.ForeignKey(
        "deadlines.Clock", models.PROTECT, null=True, related_name="+", verbose_name="时钟", help_text="审核的期限"
    )
    due_on = models.DateField("审核期限", null=True, help_text="准入办最迟哪天答复，由时钟算出")
    decided_at = models.DateTimeField("决定时间", null=True, help_text="什么时候准入或不予准入")
    decided_by = models.CharField("决定人", max_length=120, blank=True, default="", help_text="谁决定的")
    reason = models.CharField("决定理由", max_length=1000, blank=True, default="", help_text="准入或不予准入的理由")
    withdrawn_at = models.DateTimeField("撤回时间", null=True, help_text="部门什么时候撤回的")
    withdrawn_by = models.CharField(
        "撤回人", max_length=120, blank=True, default="", db_default="", help_text="部门的谁撤回的"
    )
    withdrawal = models.CharField(
        "撤回理由", max_length=1000, blank=True, default="", db_default="", help_text="为什么撤回"
    )

    class Meta:
        verbose_name = "任务"
        constraints = [
            models.CheckConstraint(condition=Q(ends__gte=F("starts")), name="taskadmission_task_period"),
            models.CheckConstraint(
                condition=(Q(amount__gt=0) & ~Q(amount_source="")) | (Q(amount=0) & ~Q(zero_reason="")),
                name="taskadmission_task_money",
            ),
            models.CheckConstraint(
                condition=Q(target="township") | (Q(target="village") & ~Q(form="")), name="taskadmission_village_form"
            ),
            models.CheckConstraint(
                condition=~Q(
                    responsible="village", field__in=["enforcement", "demolition", "environment", "investment"]
                ),
                name="taskadmission_village_never",
            ),
            models.CheckConstraint(
                condition=Q(state="withdrawn")
                | Q(state="asked", decided_at=None)
                | (~Q(state="asked") & Q(decided_at__isnull=False)),
                name="taskadmission_task_decided",
            ),
            models.CheckConstraint(
                condition=Q(state="withdrawn", withdrawn_at__isnull=False)
                | (~Q(state="withdrawn") & Q(withdrawn_at=None)),
                name="taskadmission_task_withdrawn",
            ),
        ]
        indexes = [
            models.Index(fields=["county", "state", "due_on"], name="taskadmission_task_waiting"),
            models.Index(fields=["agency", "-id"], name="taskadmission_task_agency"),
        ]


class Attempt(models.Model):
    """One form as it reached the gate, whatever came of it; never changed, never deleted."""

    agency = models.ForeignKey(
        "directory.Agency", models.PROTECT, related_name="+", verbose_name="部门", help_text="哪个部门提交的"
    )
    county = models.ForeignKey(
        "directory.Division", models.PROTECT, related_name="+", verbose_name="县区", help_text="部门所在的县区"
    )
    at = models.DateTimeField("时间", help_text="什么时候提交的")
    by_label = models.CharField("提交人", max_length=120, help_text="哪个单位的谁提交的")
    title = models.CharField("任务名称", max_length=100, blank=True, default="", help_text="当时填写的名称")
    outcome = models.CharField("结果", max_length=10, choices=list(types.OUTCOMES.items()), help_text="关口怎么答复的")
    typed = models.JSONField("填写内容", default=dict, help_text="当时填写的全部内容")
    faults = models.JSONField("问题", default=dict, help_text="逐项指出的问题和条款")
    task = models.ForeignKey(
        Task, models.PROTECT, null=True, related_name="+", verbose_name="任务", help_text="形成的任务，没有形成为空"
    )

    class Meta:
        verbose_name = "下达申请"
        indexes = [models.Index(fields=["county", "agency", "at"], name="taskadmission_attempt_count")]


class Target(models.Model):
    """One township or village that a task is for, and how it stands there."""

    task = models.ForeignKey(Task, models.PROTECT, related_name="targets", verbose_name="任务", help_text="哪个任务")
    place = models.ForeignKey(
        "directory.Division", models.PROTECT, related_name="+", verbose_name="承接地", help_text="乡镇或村"
    )
    township = models.ForeignKey(
        "directory.Division", models.PROTECT, related_name="+", verbose_name="乡镇", help_text="所在的乡镇街道"
    )
    state = models.CharField(
        "状态", max_length=10, default="open", choices=list(types.TARGET_STATES.items()), help_text="办到哪一步"
    )
    objection = models.CharField("异议", max_length=1000, blank=True, default="", help_text="乡镇的异议和理由")
    objected_at = models.DateTimeField("异议时间", null=True, help_text="什么时候提出的")
    objected_by = models.CharField("异议人", max_length=120, blank=True, default="", help_text="谁提出的")
    reply = models.CharField("对异议的答复", max_length=1000, blank=True, default="", help_text="准入办怎么答复")
    replied_at = models.DateTimeField("答复时间", null=True, help_text="什么时候答复的")
    replied_by = models.CharField("答复人", max_length=120, blank=True, default="", help_text="谁答复的")
    done_note = models.CharField("完成情况", max_length=1000, blank=True, default="", help_text="怎么完成的")
    done_at = models.DateTimeField("完成时间", null=True, help_text="什么时候报完成的")
    done_by = models.CharField("报告人", max_length=120, blank=True, default="", help_text="谁报的")
    clock = models.ForeignKey(
        "deadlines.Clock", models.PROTECT, null=True, related_name="+", verbose_name="时钟", help_text="答复异议的期限"
    )
    due_on = models.DateField("答复期限", null=True, help_text="准入办最迟哪天答复异议，由时钟算出")

    class Meta:
        verbose_name = "承接单位"
        constraints = [models.UniqueConstraint(fields=["task", "place"], name="taskadmission_target_once")]
        indexes = [models.Index(fields=["township", "state"], name="taskadmission_target_town")]


class Report(models.Model):
    """A township or village says that work was pushed on it past the gate; the leading group's office answers by a day.

    What a village says of its own township is not shown to that township.
    """

    township = models.ForeignKey(
        "directory.Division", models.PROTECT, related_name="+", verbose_name="乡镇", help_text="哪个乡镇的事"
    )
    place = models.ForeignKey(
        "directory.Division", models.PROTECT, related_name="+", verbose_name="反映的地方", help_text="乡镇或村"
    )
    county = models.ForeignKey(
        "directory.Division", models.PROTECT, related_name="+", verbose_name="县区", help_text="所在的县区"
    )
    agency = models.ForeignKey(
        "directory.Agency", models.PROTECT, related_name="+", verbose_name="部门", help_text="绕开准入下任务的部门"
    )
    text = models.TextField("情况", help_text="什么任务、什么时候、用什么方式下来的")
    at = models.DateTimeField("时间", help_text="什么时候反映的")
    by_label = models.CharField("反映人", max_length=120, help_text="哪个单位的谁，不对外公开")
    state = models.CharField(
        "状态", max_length=10, default="open", choices=list(types.REPORT_STATES.items()), help_text="查得怎样"
    )
    clock = models.ForeignKey(
        "deadlines.Clock", models.PROTECT, null=True, related_name="+", verbose_name="时钟", help_text="答复的期限"
    )
    due_on = models.DateField("期限", null=True, help_text="最迟哪天答复，由时钟算出")
    answer = models.CharField("答复", max_length=1000, blank=True, default="", help_text="查到什么、怎么纠正")
    answered_at = models.DateTimeField("答复时间", null=True, help_text="什么时候答复的")
    answered_by = models.CharField("答复人", max_length=120, blank=True, default="", help_text="谁答复的")

    class Meta:
        verbose_name = "绕开准入的反映"
        indexes = [models.Index(fields=["county", "agency", "at"], name="taskadmission_report_count")]


class Matter(models.Model):
    """A matter of a county body that touches townships: it passes only with their say."""

    agency = models.ForeignKey(
        "directory.Agency", models.PROTECT, related_name="+", verbose_name="承办部门", help_text="提出事项的县级部门"
    )
    county = models.ForeignKey(
        "directory.Division", models.PROTECT, related_name="+", verbose_name="县区", help_text="部门所在的县区"
    )
    kind = models.CharField("种类", max_length=10, choices=list(types.MATTER_KINDS.items()), help_text="哪一类事项")
    title = models.CharField("名称", max_length=100, help_text="事项名称")
    content = models.TextField("内容", help_text="打算怎么做，对乡镇有什么影响")
    asked_at = models.DateTimeField("征求时间", help_text="什么时候开始征求意见")
    by_label = models.CharField("提出人", max_length=120, help_text="哪个单位的谁提出的")
    state = models.CharField(
        "状态", max_length=10, default="open", choices=list(types.MATTER_STATES.items()), help_text="到哪一步"
    )
    passed_at = models.DateTimeField("通过时间", null=True, help_text="什么时候通过的")
    passed_by = models.CharField("通过人", max_length=120, blank=True, default="", help_text="谁办理通过的")
    withdrawn_at = models.DateTimeField("撤回时间", null=True, help_text="部门什么时候撤回的")
    withdrawn_by = models.CharField(
        "撤回人", max_length=120, blank=True, default="", db_default="", help_text="部门的谁撤回的"
    )
    withdrawal = models.CharField(
        "撤回理由", max_length=1000, blank=True, default="", db_default="", help_text="为什么撤回"
    )

    class Meta:
        verbose_name = "涉乡镇事项"
        indexes = [models.Index(fields=["county", "-id"], name="taskadmission_matter_county")]


class Opinion(models.Model):
    """One touched township's opinion, or its silence, and the county's answer to it."""

    matter = models.ForeignKey(
        Matter, models.PROTECT, related_name="opinions", verbose_name="事项", help_text="对哪个事项"
    )
    township = models.ForeignKey(
        "directory.Division", models.PROTECT, related_name="+", verbose_name="乡镇", help_text="哪个乡镇的意见"
    )
    state = models.CharField(
        "状态", max_length=10, default="asked", choices=list(types.OPINION_STATES.items()), help_text="回来没有"
    )
    clock = models.ForeignKey(
        "deadlines.Clock", models.PROTECT, null=True, related_name="+", verbose_name="时钟", help_text="回复的期限"
    )
    due_on = models.DateField("期限", null=True, help_text="最迟哪天回复，由时钟算出")
    stance = models.CharField(
        "态度", max_length=10, blank=True, default="", choices=list(types.STANCES.items()), help_text="赞成、反对、建议"
    )
    reasons = models.CharField("理由", max_length=1000, blank=True, default="", help_text="为什么，有什么建议")
    answered_at = models.DateTimeField("回复时间", null=True, help_text="什么时候回复的，或什么时候记为没有回复")
    answered_by = models.CharField("回复人", max_length=120, blank=True, default="", help_text="乡镇的谁回复的")
    taken = models.BooleanField("是否采纳", null=True, help_text="县级部门采纳没有")
    reply = models.CharField("答复", max_length=1000, blank=True, default="", help_text="采纳或不采纳的理由")
    replied_at = models.DateTimeField("答复时间", null=True, help_text="什么时候答复的")
    replied_by = models.CharField("答复人", max_length=120, blank=True, default="", help_text="谁答复的")

    class Meta:
        verbose_name = "乡镇意见"
        constraints = [
            models.UniqueConstraint(fields=["matter", "township"], name="taskadmission_opinion_once"),
            models.CheckConstraint(
                condition=Q(state="answered") | (Q(stance="", reasons="")), name="taskadmission_opinion_silent"
            ),
        ]
        indexes = [
            models.Index(fields=["due_on"], name="taskadmission_opinion_due", condition=Q(state="asked")),
            models.Index(fields=["township", "state"], name="taskadmission_opinion_town"),
        ]


class OpinionFile(models.Model):
    """A file that a township attached to its opinion: for the body, the township and the office, not for the public."""

    opinion = models.ForeignKey(
        Opinion, models.PROTECT, related_name="files", verbose_name="意见", help_text="哪份意见的附件"
    )
    blob = models.ForeignKey("record.Blob", models.PROTECT, related_name="+", verbose_name="内容", help_text="文件内容")
    name = models.CharField("文件名", max_length=120, help_text="上传时的文件名")

    class Meta:
        verbose_name = "意见附件"
