"""Tables of procedures, their versions and their running instances."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

STATUSES = [("draft", "草稿"), ("published", "已发布"), ("retired", "已停用")]


class Procedure(models.Model):
    """A way in which matters are handled, under a stable code."""

    code = models.CharField("代码", max_length=40, unique=True, help_text="流程的稳定代码，如 promise")
    name = models.CharField("名称", max_length=60, help_text="流程现在的名称")

    class Meta:
        verbose_name = "办理流程"


class ProcedureVersion(models.Model):
    """One drawing of a procedure. Once published it is never changed: matters keep the one they began with."""

    procedure = models.ForeignKey(
        Procedure, models.PROTECT, related_name="versions", verbose_name="流程", help_text="哪个流程"
    )
    number = models.PositiveIntegerField("版本号", null=True, help_text="从 1 起，每次发布加 1；草稿还没有版本号")
    xml = models.TextField("流程图", help_text="BPMN 文件原文；公开的图和运行的是同一份，发布后不能改")
    digest = models.CharField("摘要", max_length=64, help_text="流程图的 SM3 摘要，用来核对")
    status = models.CharField("状态", max_length=10, choices=STATUSES, help_text="草稿、已发布或已停用")
    published_at = models.DateTimeField("发布时间", null=True, help_text="什么时候发布的，草稿为空")
    published_by_name = models.CharField(
        "发布人", max_length=120, blank=True, default="", help_text="谁发布的，写当时的单位和姓名"
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
            models.CheckConstraint(
                condition=Q(status="draft", number=None, published_at=None)
                | Q(status__in=["published", "retired"], number__isnull=False, published_at__isnull=False),
                name="procedures_version_stage",
            ),
        ]


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

    class Meta:
        verbose_name = "流程实例"
