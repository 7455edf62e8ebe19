"""Tables of requests about one's data, copies, impact assessments, destructions and holds."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from weimin.kernel.rights.types import DESTRUCTION_TEXT, HOLD_TEXT, OUTCOME_TEXT, REQUEST_TEXT


class DataRequest(models.Model):
    """Somebody asks for their data to be corrected or deleted, or to see a dead relative's; answered by a day."""

    resident = models.ForeignKey(
        "residents.Resident", models.PROTECT, related_name="+", verbose_name="谁提的", help_text="提出请求的本人"
    )
    kind = models.CharField("类别", max_length=10, choices=list(REQUEST_TEXT.items()), help_text="要做什么")
    wish_sealed = models.BinaryField("请求内容", help_text="哪里不对、要改成什么、为什么，加密保存")
    evidence = models.ForeignKey(
        "record.Blob",
        models.PROTECT,
        null=True,
        related_name="+",
        verbose_name="证明",
        help_text="上传的证明材料，可空",
    )
    asked_at = models.DateTimeField("提出时间", help_text="什么时候提的")
    asked_via = models.CharField("途径", max_length=12, help_text="网上还是窗口")
    agency = models.ForeignKey(
        "directory.Agency", models.PROTECT, related_name="+", verbose_name="办理单位", help_text="由谁答复"
    )
    due_on = models.DateField("期限", help_text="最迟哪天答复，由时钟算出")
    clock = models.ForeignKey(
        "deadlines.Clock", models.PROTECT, related_name="+", verbose_name="时钟", help_text="答复的期限"
    )
    answered_at = models.DateTimeField("答复时间", null=True, help_text="什么时候答复的")
    answered_by = models.CharField("答复人", max_length=120, blank=True, default="", help_text="谁答复的")
    outcome = models.CharField(
        "结果",
        max_length=8,
        blank=True,
        default="",
        choices=list(OUTCOME_TEXT.items()),
        help_text="同意、部分同意或不同意",
    )
    answer = models.TextField("答复", blank=True, default="", help_text="写给本人的答复，不同意的写明理由")
    done_at = models.DateTimeField("执行时间", null=True, help_text="删除、注销做完的时间")
    done_lines = models.JSONField("执行结果", default=list, help_text="每一类信息删了没有、为什么")

    class Meta:
        verbose_name = "个人信息请求"
        indexes = [
            models.Index(fields=["agency", "due_on"], name="rights_request_open", condition=Q(answered_at=None)),
            models.Index(fields=["resident", "-id"], name="rights_request_mine"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["resident", "kind"], condition=Q(answered_at=None), name="rights_request_one_open"
            )
        ]


class DataCopy(models.Model):
    """A copy of everything that is kept about a person, made for them; deleted after some days."""

    resident = models.ForeignKey(
        "residents.Resident", models.CASCADE, related_name="+", verbose_name="谁的", help_text="谁的资料"
    )
    asked_at = models.DateTimeField("要求时间", help_text="什么时候要的")
    asked_by = models.CharField("谁要的", max_length=120, help_text="本人，或者当面代办的窗口人员")
    account_id = models.BigIntegerField("账号", null=True, help_text="谁可以下载：要求的账号")
    blob = models.ForeignKey(
        "record.Blob", models.PROTECT, null=True, related_name="+", verbose_name="内容", help_text="压缩包，加密保存"
    )
    made_at = models.DateTimeField("做好时间", null=True, help_text="什么时候做好的")
    expires_at = models.DateTimeField("失效时间", help_text="到时候自动删除")

    class Meta:
        verbose_name = "资料副本"
        indexes = [models.Index(fields=["resident", "-id"], name="rights_copy_mine")]


class Assessment(models.Model):
    """An assessment of what a processing of sensitive data may do to people, made before it begins."""

    scope = models.CharField("范围", max_length=40, help_text="事项代码，或者服务领域（A1 到 A9）")
    title = models.CharField("名称", max_length=120, help_text="评估报告的名称")
    processing = models.TextField("处理什么", help_text="处理活动：收什么、谁处理、怎么处理")
    necessity = models.TextField("必要性", help_text="目的、方式是否合法、正当、必要")
    risks = models.TextField("风险", help_text="对个人权益的影响和安全风险")
    measures = models.TextField("措施", help_text="保护措施是否合法、有效，与风险相适应")
    made_by = models.CharField("评估人", max_length=120, help_text="谁评估的")
    made_on = models.DateField("评估日期", help_text="哪天完成")
    review_on = models.DateField("下次评估", help_text="最迟哪天重新评估，过了这天就不再有效")

    class Meta:
        verbose_name = "影响评估"
        constraints = [
            models.UniqueConstraint(fields=["scope", "made_on"], name="rights_assessment_once"),
            models.CheckConstraint(condition=Q(review_on__gt=models.F("made_on")), name="rights_assessment_reviewed"),
        ]


class Destruction(models.Model):
    """A list of matters of one township and class whose time is over; two people decide, then it is destroyed."""

    number = models.CharField("证书编号", max_length=32, unique=True, help_text="销毁清册和证书的编号")
    township = models.ForeignKey(
        "directory.Division", models.PROTECT, related_name="+", verbose_name="乡镇", help_text="哪个乡镇的办件"
    )
    klass = models.CharField("保管期限", max_length=12, help_text="按哪一类保管期限到期")
    state = models.CharField(
        "状态", max_length=10, choices=list(DESTRUCTION_TEXT.items()), help_text="提出、核对、批准、销毁"
    )
    proposed_at = models.DateTimeField("提出时间", help_text="系统什么时候提出的")
    checked_at = models.DateTimeField("核对时间", null=True, help_text="档案管理员什么时候核对的")
    checked_by = models.CharField("核对人", max_length=120, blank=True, default="", help_text="谁核对的")
    checker_id = models.BigIntegerField("核对账号", null=True, help_text="核对人的账号，不能自己批准")
    approved_at = models.DateTimeField("批准时间", null=True, help_text="领导什么时候批准或不同意的")
    approved_by = models.CharField("批准人", max_length=120, blank=True, default="", help_text="谁批准或不同意的")
    reason = models.TextField("不同意的理由", blank=True, default="", help_text="不同意销毁的写明理由")
    done_at = models.DateTimeField("销毁时间", null=True, help_text="什么时候销毁的")
    digest = models.CharField("清册摘要", max_length=64, blank=True, default="", help_text="销毁清册的 SM3 摘要")

    class Meta:
        verbose_name = "销毁"


class DestructionLine(models.Model):
    """One matter on a list for destruction; its number is kept when its content is gone."""

    destruction = models.ForeignKey(
        Destruction, models.CASCADE, related_name="lines", verbose_name="清册", help_text="哪一份清册"
    )
    case = models.ForeignKey("cases.Case", models.PROTECT, related_name="+", verbose_name="办件", help_text="哪一件")
    number = models.CharField("办件编号", max_length=24, help_text="办件编号")
    item_name = models.CharField("事项", max_length=120, help_text="事项名称")
    ended_on = models.DateField("办结日期", help_text="哪天结束的")
    destroyed_at = models.DateTimeField("销毁时间", null=True, help_text="内容什么时候销毁的，暂停销毁的为空")

    class Meta:
        verbose_name = "销毁清册明细"


class Hold(models.Model):
    """A matter that must not be destroyed for now: a lawsuit, a petition or an inspection needs it."""

    case = models.ForeignKey("cases.Case", models.PROTECT, related_name="+", verbose_name="办件", help_text="哪一件")
    kind = models.CharField("原因", max_length=12, choices=list(HOLD_TEXT.items()), help_text="为什么不能销毁")
    note = models.CharField("说明", max_length=200, help_text="案号、信访件编号等")
    placed_at = models.DateTimeField("开始时间", help_text="什么时候暂停的")
    placed_by = models.CharField("谁", max_length=120, help_text="谁暂停的")
    lifted_at = models.DateTimeField("解除时间", null=True, help_text="什么时候解除的，还在暂停的为空")

    class Meta:
        verbose_name = "暂停销毁"
        constraints = [
            models.UniqueConstraint(fields=["case"], condition=Q(lifted_at=None), name="rights_hold_one_open")
        ]
