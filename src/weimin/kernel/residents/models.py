"""Tables of residents and of who looked at their data."""

from __future__ import annotations

from django.db import models


class Resident(models.Model):
    """A person or body who is served."""

    kind = models.CharField(
        "类别", max_length=8, choices=[("person", "个人"), ("body", "单位")], help_text="个人或单位"
    )
    name = models.CharField("姓名或名称", max_length=80, help_text="证件上的姓名或名称")
    id_sealed = models.BinaryField("证件号", help_text="身份证号或信用代码，加密保存")
    id_index = models.BinaryField("证件号索引", unique=True, help_text="查找用的加密索引")
    birth_date = models.DateField("出生日期", null=True, help_text="判断年龄条件用，单位为空")
    phone_sealed = models.BinaryField("手机号", null=True, help_text="联系用，加密保存")
    division = models.ForeignKey(
        "directory.Division",
        models.PROTECT,
        null=True,
        related_name="+",
        verbose_name="所在村社区",
        help_text="居住的村或社区",
    )
    account = models.OneToOneField(
        "accounts.Account",
        models.SET_NULL,
        null=True,
        related_name="+",
        verbose_name="账号",
        help_text="本人的登录账号，可空",
    )
    created_at = models.DateTimeField("登记时间", help_text="第一次登记的时间")
    created_via = models.CharField("登记途径", max_length=12, help_text="从哪里登记的")

    class Meta:
        verbose_name = "服务对象"


class ReadEntry(models.Model):
    """One look at a person's data by somebody else. Never changed or deleted."""

    at = models.DateTimeField("时间", help_text="什么时候看的")
    resident = models.ForeignKey(
        Resident, models.PROTECT, related_name="reads", verbose_name="被看的人", help_text="看了谁的资料"
    )
    account_id = models.BigIntegerField("账号", null=True, help_text="谁看的")
    who = models.CharField("谁", max_length=120, help_text="单位和姓名")
    agency_id = models.BigIntegerField("机构", null=True, help_text="哪个机构的人看的")
    why = models.CharField("为什么", max_length=80, help_text="为办什么事看的")
    subject = models.CharField("事由", max_length=64, blank=True, default="", help_text="办件编号等")
    via = models.CharField("途径", max_length=12, help_text="工作台、接口等")

    class Meta:
        verbose_name = "查看记录"
        indexes = [models.Index(fields=["resident", "-at"], name="residents_read_person")]
