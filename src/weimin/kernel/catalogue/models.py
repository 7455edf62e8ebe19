"""Tables of items, their versions, life events and offers."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex, GistIndex
from django.contrib.postgres.search import SearchVectorField
from django.db import models
from django.db.models import F, Q


class LifeEvent(models.Model):
    """A moment of life by which people look for what they need."""

    code = models.CharField("代码", max_length=20, primary_key=True, help_text="内部代码，如 ageing")
    name = models.CharField("名称", max_length=20, help_text="群众看到的名字，如 养老")
    hint = models.CharField("说明", max_length=100, help_text="一句话说明这一类有哪些事")
    position = models.PositiveSmallIntegerField("顺序", help_text="首页上的先后")

    class Meta:
        verbose_name = "人生事件"
        ordering = ["position"]


class Item(models.Model):
    """A service item: what stays the same through all its versions."""

    code = models.CharField("事项代码", max_length=40, unique=True, help_text="本平台的稳定代码，不重复使用")
    loaded_digest = models.CharField(
        "装入摘要", max_length=64, blank=True, default="", help_text="最近一次从文件装入的内容摘要；文件没变就不再装入"
    )

    class Meta:
        verbose_name = "服务事项"


class ItemVersion(models.Model):
    """One version of an item: everything a guide, a form and a clock need. Fixed once in force."""

    item = models.ForeignKey(
        Item, models.PROTECT, related_name="versions", verbose_name="事项", help_text="属于哪个事项"
    )
    number = models.PositiveIntegerField("版本号", help_text="从 1 起，每改一次加 1")
    status = models.CharField(
        "状态",
        max_length=10,
        choices=[("draft", "草稿"), ("in_force", "现行"), ("ended", "已停用")],
        help_text="草稿、现行或已停用",
    )
    valid_from = models.DateField("生效日", help_text="从这一天起现行")
    valid_until = models.DateField("失效日", null=True, help_text="到这一天不再现行，空表示仍现行")
    name = models.CharField("事项名称", max_length=120, help_text="规范名称")
    plain = models.CharField("通俗说明", max_length=300, help_text="一句大白话说明这件事")
    area = models.CharField("服务领域", max_length=4, help_text="指导目录的领域代码 A1–A9")
    type_code = models.CharField("事项类型", max_length=2, help_text="GB/T 39046 表 A.1 的代码")
    applied = models.BooleanField("依申请", help_text="是否由群众申请启动")
    audience = ArrayField(models.CharField(max_length=2), help_text="服务对象代码，GB/T 39046 表 A.4")
    life_events = ArrayField(models.CharField(max_length=20), help_text="人生事件代码")
    online = models.BooleanField("能网上办", help_text="能否全程网上办理")
    lead_key = models.CharField("牵头部门", max_length=40, help_text="牵头部门今天的名称")
    decision_level = models.CharField("决定层级", max_length=24, help_text="由村、乡镇还是县里决定")
    procedure = models.ForeignKey(
        "procedures.ProcedureVersion",
        models.PROTECT,
        null=True,
        related_name="+",
        verbose_name="办理流程",
        help_text="按哪一版流程办",
    )
    publication_class = models.CharField(
        "公开类别", max_length=10, help_text="public 公开、village 村内公示结果、never 不公开"
    )
    doc = models.JSONField("事项要素", help_text="办事指南的全部要素，按清单格式")
    limit_text = models.CharField("承诺时限", max_length=40, help_text="列表上显示的承诺时限")
    names = ArrayField(models.CharField(max_length=60), help_text="名称和群众叫法，搜索用")
    search_text = models.TextField("搜索文本", help_text="名称和叫法连成一行，找错别字用")
    search = SearchVectorField(null=True, help_text="分词和拼音，搜索用")

    class Meta:
        verbose_name = "事项版本"
        constraints = [
            models.UniqueConstraint(fields=["item", "number"], name="catalogue_version_number"),
            models.UniqueConstraint(fields=["item"], condition=Q(status="in_force"), name="catalogue_one_in_force"),
            models.CheckConstraint(
                condition=Q(valid_until=None) | Q(valid_until__gt=F("valid_from")),
                name="catalogue_version_period",
            ),
        ]
        indexes = [
            GinIndex(fields=["search"], name="catalogue_version_search"),
            GinIndex(fields=["names"], name="catalogue_version_names"),
            GistIndex(fields=["search_text"], name="catalogue_version_typos", opclasses=["gist_trgm_ops"]),
            models.Index(fields=["status", "area"], name="catalogue_version_area"),
        ]


class Offer(models.Model):
    """An item taken up by one township, with the agencies that accept and handle it there."""

    item = models.ForeignKey(Item, models.PROTECT, related_name="offers", verbose_name="事项", help_text="哪个事项")
    township = models.ForeignKey(
        "directory.Division",
        models.PROTECT,
        related_name="+",
        verbose_name="乡镇",
        help_text="在哪个乡镇（街道）办",
    )
    accept_agency = models.ForeignKey(
        "directory.Agency",
        models.PROTECT,
        related_name="+",
        verbose_name="受理机构",
        help_text="前台受理的便民服务中心",
    )
    handle_agency = models.ForeignKey(
        "directory.Agency",
        models.PROTECT,
        related_name="+",
        verbose_name="乡镇承办机构",
        help_text="乡镇后台承办的站所",
    )
    county_agency = models.ForeignKey(
        "directory.Agency",
        models.PROTECT,
        null=True,
        related_name="+",
        verbose_name="县级承办部门",
        help_text="上报件的县级决定部门",
    )
    valid_from = models.DateField("开始", help_text="从这一天起在本乡镇可办")
    valid_until = models.DateField("结束", null=True, help_text="到这一天不再可办，空表示仍可办")

    class Meta:
        verbose_name = "事项进驻"
        constraints = [
            models.UniqueConstraint(
                fields=["item", "township"],
                condition=Q(valid_until=None),
                name="catalogue_offer_once",
            ),
        ]
        indexes = [models.Index(fields=["township", "item"], name="catalogue_offer_township")]
