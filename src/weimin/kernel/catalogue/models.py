"""Tables of the lists: rows, their versions, who checked them, life events, offers, and what people proposed."""

from __future__ import annotations

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import ArrayField, DateRangeField
from django.contrib.postgres.indexes import GinIndex, GistIndex
from django.contrib.postgres.search import SearchVectorField
from django.db import models
from django.db.models import F, Func, Q

from weimin.kernel.catalogue.types import LEGAL_STATUSES, STAGES, STATUSES, TRIGGERS


def period(start: str = "valid_from", end: str = "valid_until") -> Func:
    """The days from one column's to another's, the last not among them, as the indexes of periods have them."""
    return Func(start, end, function="daterange", output_field=DateRangeField())


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
    """A row of a list (清单事项): what stays the same through all its versions; service items are such rows."""

    code = models.CharField("事项代码", max_length=40, unique=True, help_text="本平台的稳定代码，不重复使用")
    list_code = models.CharField(
        "清单", max_length=16, default="service", help_text="属于哪张清单：公共服务、权力、责任、村居履职等"
    )
    loaded_digest = models.CharField(
        "装入摘要", max_length=64, blank=True, default="", help_text="最近一次从文件装入的内容摘要；文件没变就不再装入"
    )

    class Meta:
        verbose_name = "清单事项"
        indexes = [models.Index(fields=["list_code", "code"], name="catalogue_item_list")]


class ListImport(models.Model):
    """A workbook that brings rows of a list: read by the worker, wrong as a whole or drafts as a whole."""

    list_code = models.CharField("清单", max_length=16, help_text="导入哪张清单")
    blob_id = models.BigIntegerField("文件", help_text="存放的表格文件")
    file_name = models.CharField("文件名", max_length=120, help_text="上传时的文件名")
    trigger = models.CharField("起因", max_length=16, choices=list(TRIGGERS.items()), help_text="为什么要动")
    reason = models.CharField("理由", max_length=500, help_text="为什么这样改，公开给人看")
    valid_from = models.DateField("生效日", help_text="打算从哪一天起现行")
    at = models.DateTimeField("时间", help_text="什么时候上传的")
    by_label = models.CharField("谁", max_length=120, help_text="单位和姓名")
    account_id = models.BigIntegerField("账号", null=True, help_text="谁上传的")
    state = models.CharField(
        "状态",
        max_length=8,
        choices=[
            ("queued", "排队中"),
            ("reading", "正在核对"),
            ("broken", "有错，没有导入"),
            ("drafts", "已成草稿"),
            ("on_way", "正在审核"),
            ("refused", "未通过"),
            ("done", "已完成"),
        ],
        default="queued",
        help_text="办到哪里了",
    )
    total = models.PositiveIntegerField("总行数", default=0, help_text="表格里有多少行")
    done = models.PositiveIntegerField("已核对", default=0, help_text="已经核对多少行")
    made = models.PositiveIntegerField("草稿数", default=0, help_text="有变化、成了草稿的行数")
    unchanged = models.PositiveIntegerField("没有变化", default=0, help_text="和现行一样、没有动的行数")
    fault_count = models.PositiveIntegerField("错误数", default=0, help_text="一共有几处错")
    faults = models.JSONField("错误", default=list, help_text="每处错的工作表、行号、标题和说明，最多 500 处")
    warning_count = models.PositiveIntegerField(
        "提醒数", default=0, db_default=0, help_text="一共有几处要留意，不影响导入"
    )
    warnings = models.JSONField(
        "提醒", default=list, db_default=[], help_text="每处提醒的工作表、行号、标题和说明，最多 500 处"
    )

    class Meta:
        verbose_name = "清单表格导入"
        indexes = [
            models.Index(fields=["id"], name="catalogue_import_waiting", condition=Q(state__in=["queued", "reading"]))
        ]


class ItemVersion(models.Model):
    """One version of a row: for a service item everything a guide, a form and a clock need. Fixed once approved."""

    item = models.ForeignKey(
        Item, models.PROTECT, related_name="versions", verbose_name="事项", help_text="属于哪个事项"
    )
    number = models.PositiveIntegerField("版本号", help_text="从 1 起，每改一次加 1")
    status = models.CharField(
        "状态",
        max_length=10,
        choices=list(STATUSES.items()),
        help_text="草稿、审核各环节、待生效、现行、已停用或未通过",
    )
    effect = models.CharField(
        "变动",
        max_length=4,
        choices=[("set", "新增或修改"), ("end", "取消")],
        default="set",
        help_text="这一版是写新内容，还是把这一行从清单取消",
    )
    trigger = models.CharField(
        "起因",
        max_length=16,
        choices=list(TRIGGERS.items()),
        default="loaded",
        help_text="为什么要动：法律变了、机构变了等",
    )
    reason = models.CharField("理由", max_length=500, blank=True, default="", help_text="为什么这样改，公开给人看")
    revision = models.PositiveIntegerField("修改次数", default=0, help_text="草稿每保存一次加 1，防止两人互相覆盖")
    batch = models.ForeignKey(
        ListImport,
        models.PROTECT,
        null=True,
        related_name="versions",
        verbose_name="表格导入",
        help_text="随哪次表格导入来的，一起审核",
    )
    drafted_by = models.BigIntegerField("起草账号", null=True, help_text="谁起草的；起草人不能审自己的稿")
    valid_from = models.DateField("生效日", help_text="从这一天起现行；草稿写打算哪天")
    valid_until = models.DateField("失效日", null=True, help_text="到这一天不再现行，空表示仍现行")
    published_at = models.DateTimeField("公布时间", null=True, help_text="什么时候对外公布的，没有公布为空")
    name = models.CharField("事项名称", max_length=120, help_text="规范名称")
    plain = models.CharField("通俗说明", max_length=300, blank=True, default="", help_text="一句大白话说明这件事")
    area = models.CharField("服务领域", max_length=4, blank=True, default="", help_text="指导目录的领域代码 A1–A9")
    type_code = models.CharField("事项类型", max_length=2, blank=True, default="", help_text="GB/T 39046 表 A.1 的代码")
    applied = models.BooleanField("依申请", default=False, help_text="是否由群众申请启动")
    audience = ArrayField(
        models.CharField(max_length=2), default=list, blank=True, help_text="服务对象代码，GB/T 39046 表 A.4"
    )
    life_events = ArrayField(models.CharField(max_length=20), default=list, blank=True, help_text="人生事件代码")
    online = models.BooleanField("能网上办", default=False, help_text="能否全程网上办理")
    lead_key = models.CharField("牵头部门", max_length=40, blank=True, default="", help_text="牵头部门今天的名称")
    decision_level = models.CharField(
        "决定层级", max_length=24, blank=True, default="", help_text="由村、乡镇还是县里决定"
    )
    procedure = models.ForeignKey(
        "procedures.ProcedureVersion",
        models.PROTECT,
        null=True,
        related_name="+",
        verbose_name="办理流程",
        help_text="按哪一版流程办",
    )
    publication_class = models.CharField(
        "公开类别", max_length=10, blank=True, default="", help_text="public 公开、village 村内公示结果、never 不公开"
    )
    doc = models.JSONField("事项要素", help_text="这一行的全部内容，按清单格式")
    digest = models.CharField(
        "内容摘要", max_length=64, blank=True, default="", help_text="全部内容的 SM3 摘要，比对各乡镇的清单用"
    )
    limit_text = models.CharField("承诺时限", max_length=40, blank=True, default="", help_text="列表上显示的承诺时限")
    names = ArrayField(models.CharField(max_length=60), default=list, blank=True, help_text="名称和群众叫法，搜索用")
    search_text = models.TextField("搜索文本", blank=True, default="", help_text="名称和叫法连成一行，找错别字用")
    search = SearchVectorField(null=True, help_text="分词和拼音，搜索用")

    class Meta:
        verbose_name = "事项版本"
        constraints = [
            models.UniqueConstraint(fields=["item", "number"], name="catalogue_version_number"),
            models.UniqueConstraint(fields=["item"], condition=Q(status="in_force"), name="catalogue_one_in_force"),
            models.UniqueConstraint(
                fields=["item"],
                condition=Q(status__in=["draft", "lead", "legal", "approve", "approved"]),
                name="catalogue_one_in_process",
            ),
            models.CheckConstraint(
                condition=Q(valid_until=None) | Q(valid_until__gte=F("valid_from")),
                name="catalogue_version_period",
            ),
            ExclusionConstraint(
                name="catalogue_version_once",
                expressions=[("item", "="), (period(), "&&")],
                condition=Q(status__in=sorted(LEGAL_STATUSES), effect="set"),
            ),
        ]
        indexes = [
            # people search what is in force; a row's history may be many times that
            GinIndex(fields=["search"], name="catalogue_force_search", condition=Q(status="in_force")),
            GinIndex(fields=["names"], name="catalogue_force_names", condition=Q(status="in_force")),
            GistIndex(
                fields=["search_text"],
                name="catalogue_force_typos",
                opclasses=["gist_trgm_ops"],
                condition=Q(status="in_force"),
            ),
            models.Index(fields=["status", "area"], name="catalogue_version_area"),
            # which of all versions were law on a day, whatever the row
            GistIndex(
                period(), name="catalogue_version_day", condition=Q(status__in=sorted(LEGAL_STATUSES), effect="set")
            ),
        ]


class VersionStep(models.Model):
    """What somebody did with a version on its way to publication. Never changed."""

    version = models.ForeignKey(
        ItemVersion, models.CASCADE, related_name="steps", verbose_name="版本", help_text="哪一版"
    )
    stage = models.CharField("环节", max_length=10, choices=list(STAGES.items()), help_text="在哪个环节")
    outcome = models.CharField(
        "结果",
        max_length=8,
        choices=[("done", "完成"), ("passed", "通过"), ("returned", "退回修改"), ("refused", "不同意")],
        help_text="这个环节的结果",
    )
    opinion = models.CharField("意见", max_length=500, blank=True, default="", help_text="审的人写的意见")
    at = models.DateTimeField("时间", help_text="什么时候")
    by_label = models.CharField("谁", max_length=120, help_text="单位和姓名")
    account_id = models.BigIntegerField("账号", null=True, help_text="哪个账号；同一个人不能连办两个环节")

    class Meta:
        verbose_name = "清单审核记录"
        indexes = [models.Index(fields=["version", "at"], name="catalogue_step_version")]


class Proposal(models.Model):
    """Somebody asks that a list be changed: a body, a clerk, or a resident."""

    list_code = models.CharField("清单", max_length=16, help_text="要改哪张清单")
    item = models.ForeignKey(
        Item, models.PROTECT, null=True, related_name="+", verbose_name="事项", help_text="要改哪一行，新增为空"
    )
    trigger = models.CharField("起因", max_length=16, choices=list(TRIGGERS.items()), help_text="为什么要动")
    text = models.CharField("建议", max_length=1000, help_text="建议改什么、为什么")
    at = models.DateTimeField("时间", help_text="什么时候提出的")
    by_label = models.CharField("谁", max_length=120, help_text="单位和姓名；群众只写“群众”")
    account_id = models.BigIntegerField("账号", null=True, help_text="提出人的账号，用来把答复送给他")
    due_on = models.DateField("答复期限", null=True, help_text="最迟哪天答复")
    clock_id = models.BigIntegerField("时钟", null=True, help_text="答复的时钟")
    state = models.CharField(
        "状态",
        max_length=8,
        choices=[("open", "待答复"), ("taken", "已采纳"), ("refused", "未采纳")],
        default="open",
        help_text="是否采纳",
    )
    answer = models.CharField("答复", max_length=1000, blank=True, default="", help_text="采纳与否和理由")
    answered_at = models.DateTimeField("答复时间", null=True, help_text="什么时候答复的")
    version = models.ForeignKey(
        ItemVersion,
        models.SET_NULL,
        null=True,
        related_name="+",
        verbose_name="版本",
        help_text="采纳以后起草的那一版",
    )

    class Meta:
        verbose_name = "清单调整建议"
        indexes = [models.Index(fields=["state", "at"], name="catalogue_proposal_open")]


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
    local = models.JSONField(
        "本地内容", default=dict, blank=True, help_text="只能改地点、时间、电话、窗口和更短的承诺时限，其余跟清单走"
    )
    approved_by = models.CharField(
        "批准人", max_length=120, blank=True, default="", help_text="谁批准本地内容的，没有改动为空"
    )
    reason = models.CharField("理由", max_length=200, blank=True, default="", help_text="为什么要改本地内容")
    copy = models.JSONField(
        "乡镇清单", null=True, help_text="乡镇自己公布的这一事项全文，用来和清单比对；没有另外公布为空"
    )
    copy_digest = models.CharField(
        "乡镇清单摘要", max_length=64, blank=True, default="", help_text="乡镇清单的 SM3 摘要，空表示没有另外公布"
    )
    copy_at = models.DateTimeField("乡镇清单时间", null=True, help_text="什么时候收到乡镇清单的")

    class Meta:
        verbose_name = "事项进驻"
        constraints = [
            models.UniqueConstraint(
                fields=["item", "township"],
                condition=Q(valid_until=None),
                name="catalogue_offer_once",
            ),
            ExclusionConstraint(
                name="catalogue_offer_period",
                expressions=[
                    ("item", "="),
                    ("township", "="),
                    (period(), "&&"),
                ],
            ),
        ]
        indexes = [models.Index(fields=["township", "item"], name="catalogue_offer_township")]


class GuidePrint(models.Model):
    """That a body printed the guide of a version: how often, first and last; nobody's name."""

    version = models.ForeignKey(
        ItemVersion, models.PROTECT, related_name="prints", verbose_name="版本", help_text="印的是哪一版"
    )
    agency = models.ForeignKey(
        "directory.Agency", models.PROTECT, related_name="+", verbose_name="机构", help_text="哪个机构印的"
    )
    prints = models.PositiveIntegerField("次数", default=1, help_text="印过几次")
    first_on = models.DateField("第一次", help_text="第一次是哪一天印的")
    last_on = models.DateField("最近", help_text="最近一次是哪一天印的")

    class Meta:
        verbose_name = "纸质指南"
        constraints = [models.UniqueConstraint(fields=["version", "agency"], name="catalogue_print_once")]


class DriftRun(models.Model):
    """One comparison of all townships with the list: asked for, counted by the worker, kept as a day's figures."""

    on = models.DateField("哪一天", help_text="哪一天的情况")
    at = models.DateTimeField("时间", help_text="什么时候要求核对的")
    by_label = models.CharField("谁", max_length=120, help_text="谁要求核对的；每天夜里是系统")
    state = models.CharField(
        "状态",
        max_length=8,
        choices=[("queued", "排队中"), ("counting", "正在核对"), ("done", "核对完了")],
        default="queued",
        help_text="办到哪里了",
    )
    total = models.PositiveIntegerField("乡镇数", default=0, help_text="要核对多少个乡镇（街道）")
    done = models.PositiveIntegerField("已核对", default=0, help_text="核对到第几个乡镇（街道）")
    offers = models.PositiveIntegerField("进驻事项数", default=0, help_text="一共核对了多少个乡镇事项")
    forbidden = models.PositiveIntegerField("不允许的差异", default=0, help_text="这一天有几处不允许的差异")
    allowed = models.PositiveIntegerField("允许的差异", default=0, help_text="这一天有几处允许的本地内容")
    fresh = models.PositiveIntegerField("新出现", default=0, help_text="比上一次多了几处")
    gone = models.PositiveIntegerField("已改好", default=0, help_text="比上一次少了几处")
    finished_at = models.DateTimeField("完成时间", null=True, help_text="什么时候核对完的")

    class Meta:
        verbose_name = "清单核对"
        constraints = [
            models.UniqueConstraint(
                models.Value(1), condition=Q(state__in=["queued", "counting"]), name="catalogue_one_drift_run"
            )
        ]
        indexes = [models.Index(fields=["-on", "-id"], name="catalogue_drift_run_on")]


class DriftFinding(models.Model):
    """One thing in which a township differed from the list, from the first report that had it to the last."""

    digest = models.CharField("摘要", max_length=64, help_text="乡镇、事项、哪里不同、怎么不同的 SM3 摘要")
    township = models.ForeignKey(
        "directory.Division",
        models.PROTECT,
        related_name="+",
        verbose_name="乡镇",
        help_text="哪个乡镇（街道）",
    )
    item_code = models.CharField("事项代码", max_length=40, help_text="哪个事项")
    item_name = models.CharField("事项名称", max_length=120, help_text="事项当时的名称")
    what = models.CharField("哪里不同", max_length=300, help_text="哪里和清单不同")
    base = models.CharField("清单", max_length=1000, blank=True, help_text="清单怎么写")
    theirs = models.CharField("乡镇", max_length=1000, blank=True, help_text="乡镇怎么写")
    since = models.DateField("从哪天起", help_text="乡镇从哪一天起这样写；不知道的是第一次发现的那天")
    approved_by = models.CharField("谁批准", max_length=120, blank=True, help_text="谁批准的，没有人批准为空")
    allowed = models.BooleanField("允许", help_text="是不是允许的本地内容")
    first_on = models.DateField("第一次发现", help_text="哪一天的报告第一次有它")
    gone_on = models.DateField("不再有", null=True, help_text="哪一天的报告不再有它，空表示还有")

    class Meta:
        verbose_name = "和清单的差异"
        constraints = [
            models.UniqueConstraint(fields=["digest"], condition=Q(gone_on=None), name="catalogue_drift_once")
        ]
        indexes = [models.Index(fields=["first_on", "gone_on"], name="catalogue_drift_day")]


class SearchMiss(models.Model):
    """How often a question found nothing, or only something like it: no person, no place, no moment."""

    KINDS = [("nothing", "没找到"), ("likely", "只找到相近的"), ("word", "事项里没有的词")]

    digest = models.BinaryField(unique=True, help_text="清理后问法的带密钥摘要；满次数以前只有它")
    kind = models.CharField("种类", max_length=8, choices=KINDS, help_text="没找到、只找到相近的，或者事项里没有的词")
    text = models.CharField("问法", max_length=40, blank=True, default="", help_text="满三次才写下；此前为空")
    count = models.PositiveIntegerField("次数", help_text="来过几次：同一地址一天只算一次")
    first_date = models.DateField("最早", help_text="第一次是哪一天")
    last_date = models.DateField("最近", help_text="最近一次是哪一天")

    class Meta:
        verbose_name = "没搜到的问法"
        indexes = [
            models.Index(fields=["-count", "id"], name="catalogue_miss_shown", condition=~Q(text="")),
            models.Index(fields=["last_date"], name="catalogue_miss_old"),
        ]
