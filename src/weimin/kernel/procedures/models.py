"""Tables of procedures and decision tables, their versions, the saved drafts, and running instances."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from weimin.base.counties import CountyKey

STATUSES = [("draft", "草稿"), ("published", "已发布"), ("retired", "已停用")]
KINDS = [("procedure", "办理流程"), ("table", "决策表")]


def _stage_rule(name: str) -> models.CheckConstraint:
    """A draft has no number and no date; whatever was published has both, and waits for nobody."""
    return models.CheckConstraint(
        condition=Q(status="draft", number=None, published_at=None)
        | Q(status__in=["published", "retired"], number__isnull=False, published_at__isnull=False),
        name=name,
    )


class Kept(models.Model):
    """What a version of a procedure and of a decision table have in common: a text, its life, and who did what."""

    number = models.PositiveIntegerField("版本号", null=True, help_text="从 1 起，每次发布加 1；草稿还没有版本号")
    xml = models.TextField("文件", help_text="BPMN 或 DMN 文件原文；公开的和运行的是同一份，发布后不能改")
    digest = models.CharField("摘要", max_length=64, help_text="文件的 SM3 摘要，用来核对")
    status = models.CharField("状态", max_length=10, choices=STATUSES, help_text="草稿、已发布或已停用")
    published_at = models.DateTimeField("发布时间", null=True, help_text="什么时候发布的，草稿为空")
    published_by_name = models.CharField(
        "发布人", max_length=120, blank=True, default="", help_text="谁发布的，写当时的单位和姓名"
    )
    revision = models.PositiveIntegerField("保存次数", default=0, help_text="草稿存过几次；两个人同时改时靠它发现")
    saved_at = models.DateTimeField("保存时间", null=True, help_text="草稿最近一次保存的时间")
    saved_by_name = models.CharField(
        "保存人", max_length=120, blank=True, default="", help_text="最近一次保存草稿的人，写当时的单位和姓名"
    )
    saved_account_id = models.BigIntegerField("保存账号", null=True, help_text="保存人的账号；不能由同一个人批准")
    reason = models.CharField("改动理由", max_length=300, blank=True, default="", help_text="送审时写的，为什么要改")
    proposed_at = models.DateTimeField("送审时间", null=True, help_text="什么时候送另一个人审核的，空表示没有送审")
    proposed_by_name = models.CharField(
        "送审人", max_length=120, blank=True, default="", help_text="谁送审的，写当时的单位和姓名"
    )
    proposed_account_id = models.BigIntegerField("送审账号", null=True, help_text="送审人的账号；不能由同一个人批准")
    returned_reason = models.CharField(
        "退回理由", max_length=300, blank=True, default="", help_text="审核的人退回草稿时写的理由，再送审时清空"
    )

    class Meta:
        abstract = True


class Procedure(models.Model):
    """A way in which matters are handled, under a stable code."""

    code = models.CharField("代码", max_length=40, unique=True, help_text="流程的稳定代码，如 promise")
    name = models.CharField("名称", max_length=60, help_text="流程现在的名称")

    class Meta:
        verbose_name = "办理流程"


class ProcedureVersion(Kept):
    """One drawing of a procedure. Once published it is never changed: matters keep the one they began with."""

    procedure = models.ForeignKey(
        Procedure, models.PROTECT, related_name="versions", verbose_name="流程", help_text="哪个流程"
    )

    class Meta:
        verbose_name = "流程版本"
        constraints = [
            models.UniqueConstraint(fields=["procedure", "number"], name="procedures_version_number"),
            models.UniqueConstraint(
                fields=["procedure"],
                condition=Q(status="published"),
                name="procedures_version_published_once",
            ),
            models.UniqueConstraint(
                fields=["procedure"], condition=Q(status="draft"), name="procedures_version_draft_once"
            ),
            _stage_rule("procedures_version_stage"),
        ]


class DecisionTable(models.Model):
    """A table that reads answers and says what the rules make of them, under a stable code."""

    code = models.CharField("代码", max_length=40, unique=True, help_text="决策表的稳定代码，如 self_care")
    name = models.CharField("名称", max_length=60, help_text="决策表现在的名称")

    class Meta:
        verbose_name = "决策表"


class DecisionTableVersion(Kept):
    """One state of a decision table. Once published it is never changed."""

    table = models.ForeignKey(
        DecisionTable, models.PROTECT, related_name="versions", verbose_name="决策表", help_text="哪张决策表"
    )

    class Meta:
        verbose_name = "决策表版本"
        constraints = [
            models.UniqueConstraint(fields=["table", "number"], name="procedures_table_number"),
            models.UniqueConstraint(
                fields=["table"], condition=Q(status="published"), name="procedures_table_published_once"
            ),
            models.UniqueConstraint(fields=["table"], condition=Q(status="draft"), name="procedures_table_draft_once"),
            _stage_rule("procedures_table_stage"),
        ]


class DraftSave(models.Model):
    """One saving of a draft, so that nobody's work is lost when two people save the same one."""

    kind = models.CharField("种类", max_length=10, choices=KINDS, help_text="是流程图还是决策表")
    code = models.CharField("代码", max_length=40, help_text="流程或决策表的代码")
    revision = models.PositiveIntegerField("第几次保存", help_text="这份草稿的第几次保存")
    xml = models.TextField("文件", help_text="这一次保存的文件原文")
    saved_at = models.DateTimeField("保存时间", help_text="什么时候保存的")
    saved_by_name = models.CharField("保存人", max_length=120, help_text="谁保存的，写当时的单位和姓名")

    class Meta:
        verbose_name = "草稿保存记录"
        indexes = [models.Index(fields=["kind", "code", "-saved_at"], name="procedures_draft_saves")]

    @property
    def which(self) -> str:
        """How an address names this saving."""
        return f"save-{self.revision}"


class Instance(models.Model):
    """One running of a version for one matter; the state is the engine's, a few hundred bytes."""

    version = models.ForeignKey(
        ProcedureVersion,
        models.PROTECT,
        related_name="+",
        verbose_name="流程版本",
        help_text="开始时的版本，以后不变",
    )
    state = models.JSONField("进度", help_text="流程走到哪里了，由流程引擎读写")
    started_at = models.DateTimeField("开始时间", help_text="什么时候开始的")
    finished_at = models.DateTimeField("结束时间", null=True, help_text="什么时候走完的，空表示还在办")
    county = CountyKey()

    class Meta:
        verbose_name = "流程实例"
