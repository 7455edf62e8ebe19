"""Tables of delegations: the instrument, its matters in one township, its steps and evaluations."""

from __future__ import annotations

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import ArrayField, DateRangeField
from django.db import models
from django.db.models import F, Func, Q

from weimin.apps.delegation.types import KINDS, LEVELS, LISTS, OPEN_MATTERS, ORIGINS, RECIPIENTS, RESULTS, STATES


class Delegation(models.Model):
    """One instrument between a county department and a township."""

    number = models.CharField("编号", max_length=40, unique=True, help_text="乡镇代码、年份和流水号，印在决定书上")
    kind = models.CharField("方式", max_length=10, choices=list(KINDS.items()), help_text="赋权、委托或法定")
    list_kind = models.CharField("清单", max_length=8, choices=list(LISTS.items()), help_text="列入三清单的哪一张")
    origin = models.CharField(
        "来源", max_length=8, choices=list(ORIGINS.items()), default="base", help_text="基本盘、自选或置换"
    )
    first_origin = models.CharField(
        "最初来源",
        max_length=8,
        choices=list(ORIGINS.items()),
        blank=True,
        default="",
        db_default="",
        help_text="置换来的，写被换掉的那一份最初是基本盘还是自选；别的同来源",
    )
    replaces = models.ForeignKey(
        "self",
        models.PROTECT,
        null=True,
        related_name="+",
        verbose_name="置换哪一份",
        help_text="置换时被换掉的那一份，收回以后这一份才能运行",
    )
    focus = models.CharField("重点领域", max_length=16, help_text="八个重点领域之一的代码")
    state = models.CharField(
        "状态", max_length=10, choices=list(STATES.items()), default="proposed", help_text="办到哪一步"
    )
    township = models.ForeignKey(
        "directory.Division", models.PROTECT, related_name="+", verbose_name="乡镇", help_text="交给哪个乡镇（街道）"
    )
    department = models.ForeignKey(
        "directory.Agency",
        models.PROTECT,
        related_name="+",
        verbose_name="县级主管部门",
        help_text="原来由谁行使、签确认书的部门",
    )
    recipient = models.CharField(
        "承接主体", max_length=12, choices=list(RECIPIENTS.items()), help_text="哪一类主体承接"
    )
    issuer_name = models.CharField("决定机关", max_length=80, help_text="谁决定赋权，谁委托")
    issuer_level = models.CharField(
        "决定机关层级", max_length=10, choices=list(LEVELS.items()), help_text="赋权必须是省级"
    )
    letter = models.ForeignKey(
        "record.Blob",
        models.PROTECT,
        null=True,
        related_name="+",
        verbose_name="书面文件",
        help_text="书面决定或委托书的扫描件，双方都能看",
    )
    letter_name = models.CharField(
        "书面文件名", max_length=120, blank=True, default="", db_default="", help_text="上传时的文件名"
    )
    document = models.CharField("文号", max_length=80, blank=True, default="", help_text="书面决定或委托书的文号")
    limits = models.CharField("权限", max_length=400, blank=True, default="", help_text="到什么范围、什么金额")
    basis = models.CharField("依据", max_length=400, blank=True, default="", help_text="法律、法规、规章和条款")
    powers = ArrayField(models.CharField(max_length=20), help_text="交出的权力种类代码")
    valid_from = models.DateField("起", help_text="从这一天起有效")
    valid_until = models.DateField("止", null=True, help_text="到这一天为止（不含），空表示没有写明")
    readiness = models.JSONField(
        "承接条件", default=dict, blank=True, help_text="执法证号和有效期、法制审核、设备、培训、印章的证据"
    )
    published_by_issuer = models.CharField(
        "决定机关公布", max_length=200, blank=True, default="", help_text="在哪里公布的"
    )
    published_by_recipient = models.CharField(
        "承接机关公布", max_length=200, blank=True, default="", help_text="在哪里公布的"
    )
    signed_by_township = models.CharField(
        "乡镇签字", max_length=120, blank=True, default="", help_text="乡镇领导签确认书"
    )
    signed_by_department = models.CharField(
        "部门签字", max_length=120, blank=True, default="", help_text="县级部门签确认书"
    )
    evaluate_on = models.DateField("下次评估", null=True, help_text="最迟哪天评估")
    clock_id = models.BigIntegerField("评估时钟", null=True, help_text="评估期限的时钟")
    withdraw_on = models.DateField("收回日", null=True, help_text="哪天收回；以后的日子由系统当天办")
    withdraw_reason = models.CharField(
        "收回理由", max_length=400, blank=True, default="", db_default="", help_text="为什么收回"
    )
    open_matters = models.CharField(
        "在办件",
        max_length=8,
        blank=True,
        default="",
        choices=list(OPEN_MATTERS.items()),
        help_text="收回时在办件怎么办",
    )

    class Meta:
        verbose_name = "赋权委托"
        constraints = [
            models.CheckConstraint(
                condition=Q(valid_until=None) | Q(valid_until__gte=F("valid_from")), name="delegation_period"
            ),
        ]
        indexes = [models.Index(fields=["township", "state"], name="delegation_township")]


class DelegationMatter(models.Model):
    """One list row that a delegation hands to its township; from the decision on its period is nobody else's."""

    delegation = models.ForeignKey(
        Delegation, models.CASCADE, related_name="matters", verbose_name="赋权委托", help_text="按哪一份"
    )
    item_code = models.CharField("事项代码", max_length=40, help_text="清单上现行的一行")
    item_name = models.CharField("事项名称", max_length=120, help_text="提出时的名称")
    township = models.ForeignKey(
        "directory.Division", models.PROTECT, related_name="+", verbose_name="乡镇", help_text="同赋权委托"
    )
    valid_from = models.DateField("起", help_text="从这一天起有效")
    valid_until = models.DateField("止", null=True, help_text="到这一天为止（不含）")
    decided = models.BooleanField("已决定", default=False, help_text="决定公布以后占住这段时间")

    class Meta:
        verbose_name = "赋权委托事项"
        constraints = [
            models.UniqueConstraint(fields=["delegation", "item_code"], name="delegation_matter_once"),
            ExclusionConstraint(
                name="delegation_matter_apart",
                expressions=[
                    ("item_code", "="),
                    ("township", "="),
                    (Func("valid_from", "valid_until", function="daterange", output_field=DateRangeField()), "&&"),
                ],
                condition=Q(decided=True),
            ),
        ]


class DelegationStep(models.Model):
    """What somebody did with a delegation. Never changed."""

    delegation = models.ForeignKey(
        Delegation, models.CASCADE, related_name="steps", verbose_name="赋权委托", help_text="哪一份"
    )
    what = models.CharField("做了什么", max_length=40, help_text="提出、评估、决定、签字等")
    note = models.CharField("说明", max_length=500, blank=True, default="", help_text="理由、结果")
    at = models.DateTimeField("时间", help_text="什么时候")
    by_label = models.CharField("谁", max_length=120, help_text="单位和姓名")

    class Meta:
        verbose_name = "赋权委托经过"
        indexes = [models.Index(fields=["delegation", "at"], name="delegation_step_order")]


class Evaluation(models.Model):
    """A periodic evaluation that was made."""

    delegation = models.ForeignKey(
        Delegation, models.CASCADE, related_name="evaluations", verbose_name="赋权委托", help_text="哪一份"
    )
    due_on = models.DateField("应评估日", help_text="最迟哪天评估")
    done_on = models.DateField("评估日", help_text="哪天评估的")
    result = models.CharField("结果", max_length=8, choices=list(RESULTS.items()), help_text="继续、转正或调整")
    text = models.CharField("评估意见", max_length=500, help_text="用得怎么样，有什么问题")

    class Meta:
        verbose_name = "赋权委托评估"
