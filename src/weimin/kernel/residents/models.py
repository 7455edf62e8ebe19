"""Tables of residents and of who looked at their data."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import F, Q

from weimin.base.counties import CountyKey


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
    county = CountyKey(of="division")

    class Meta:
        verbose_name = "服务对象"
        indexes = [models.Index(fields=["name"], name="residents_name")]


class ReadEntry(models.Model):
    """One look at people's data by somebody else: one answer of the platform, however many it showed.

    Never changed, and not deleted before three years are over; the database refuses it.
    """

    at = models.DateTimeField("时间", help_text="什么时候看的")
    residents = ArrayField(models.BigIntegerField(), verbose_name="被看的人", help_text="这一次显示了谁的资料")
    matters = ArrayField(
        models.CharField(max_length=32),
        verbose_name="办件",
        help_text="为哪一件看的，和被看的人一一对应，没有的为空",
    )
    no_matter = models.BooleanField("没有办件", help_text="其中有人不是因为办件被看的")
    account_id = models.BigIntegerField("账号", null=True, help_text="谁看的")
    post_id = models.BigIntegerField("岗位", null=True, help_text="以哪个岗位看的")
    who = models.CharField("谁", max_length=120, help_text="单位和姓名")
    agency_id = models.BigIntegerField("机构", null=True, help_text="哪个机构的人看的")
    why = models.CharField("为什么", max_length=200, help_text="为办什么事看的；看全号的是本人写的理由")
    revealed = models.CharField("全号", max_length=60, blank=True, default="", help_text="显示了哪一项全号，没有为空")
    path = models.CharField("页面", max_length=60, help_text="从哪个页面或接口看的")
    via = models.CharField("途径", max_length=12, help_text="工作台、接口等")

    class Meta:
        verbose_name = "查看记录"
        constraints = [
            models.CheckConstraint(
                condition=Q(residents__len=F("matters__len")) & Q(residents__len__gt=0), name="residents_read_pairs"
            )
        ]
        indexes = [
            GinIndex(fields=["residents"], name="residents_read_people"),
            models.Index(fields=["at"], name="residents_read_at"),
            models.Index(fields=["account_id"], name="residents_read_account"),
            models.Index(fields=["at"], name="residents_read_no_matter", condition=Q(no_matter=True)),
            # looks of other systems have no account; a body finds its own among them
            models.Index(fields=["agency_id"], name="residents_read_client", condition=Q(account_id=None)),
        ]
