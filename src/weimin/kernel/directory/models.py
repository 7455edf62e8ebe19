"""Tables of divisions, agencies, windows, officers and posts. Periods are half-open."""

from __future__ import annotations

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import ArrayField, DateRangeField
from django.db import models
from django.db.models import F, Func, Q

from weimin.kernel.directory.types import AGENCY_KINDS, LEVELS, ROLES


class Division(models.Model):
    """A place of the administrative division, province to village."""

    code = models.CharField("代码", max_length=12, primary_key=True, help_text="12 位区划代码")
    name = models.CharField("名称", max_length=60, help_text="规范名称")
    level = models.CharField("层级", max_length=10, choices=list(LEVELS.items()), help_text="省、市、县、乡、村")
    parent = models.ForeignKey(
        "self",
        models.PROTECT,
        null=True,
        related_name="children",
        verbose_name="上级",
        help_text="上级区划；不要从代码截取",
    )
    code_system = models.CharField("代码体系", max_length=8, help_text="mca 民政部，nbs 统计局")
    nbs_code = models.CharField("统计代码", max_length=12, blank=True, default="", help_text="统计局的代码")
    county_code = models.CharField("所属县区", max_length=12, blank=True, default="", help_text="所在县区的代码")
    township_code = models.CharField("所属乡镇", max_length=12, blank=True, default="", help_text="所在乡镇的代码")
    sort_key = models.CharField("排序", max_length=120, help_text="拼音，排序用")

    class Meta:
        verbose_name = "行政区划"
        indexes = [
            models.Index(fields=["level", "sort_key"], name="directory_division_level"),
            models.Index(fields=["township_code"], name="directory_division_town"),
        ]


class Agency(models.Model):
    """A body that serves: government, department, centre, station, committee, agent station."""

    code = models.CharField("代码", max_length=40, unique=True, help_text="平台内的稳定代码")
    kind = models.CharField("种类", max_length=14, choices=list(AGENCY_KINDS.items()), help_text="哪一类机构")
    name = models.CharField("名称", max_length=80, help_text="现在的全称")
    division = models.ForeignKey(
        Division, models.PROTECT, related_name="agencies", verbose_name="所在区划", help_text="服务的地方"
    )
    parent = models.ForeignKey(
        "self",
        models.PROTECT,
        null=True,
        related_name="children",
        verbose_name="上级机构",
        help_text="隶属的机构",
    )
    lead_keys = ArrayField(models.CharField(max_length=20), default=list, help_text="承办哪些部门口的事，如 民政局")
    uscc = models.CharField("统一社会信用代码", max_length=18, blank=True, default="", help_text="可空")
    phone = models.CharField("电话", max_length=30, blank=True, default="", help_text="咨询电话")
    address = models.CharField("地址", max_length=120, blank=True, default="", help_text="办公地点")
    hours = models.CharField("办公时间", max_length=80, blank=True, default="", help_text="对外办公时间")

    class Meta:
        verbose_name = "机构"
        indexes = [models.Index(fields=["division", "kind"], name="directory_agency_place")]


class AgencyName(models.Model):
    """A name that a body bore from one day to another."""

    agency = models.ForeignKey(Agency, models.CASCADE, related_name="names", verbose_name="机构", help_text="哪个机构")
    name = models.CharField("名称", max_length=80, help_text="那段时间的名称")
    valid_from = models.DateField("起", help_text="从这一天起")
    valid_until = models.DateField("止", null=True, help_text="到这一天为止（不含），空表示至今")
    certainty = models.CharField("把握", max_length=16, help_text="这条资料的把握程度，请对照本地文件")

    class Meta:
        verbose_name = "机构名称沿革"
        constraints = [
            models.CheckConstraint(
                condition=Q(valid_until=None) | Q(valid_until__gt=F("valid_from")),
                name="directory_name_period",
            ),
            models.UniqueConstraint(fields=["agency", "name", "valid_from"], name="directory_name_once"),
        ]


class AgencySuccession(models.Model):
    """Which body took over which matters from a body of the 2017 plan."""

    old_name = models.CharField("原名称", max_length=80, help_text="2017 年方案里的名称")
    agency = models.ForeignKey(
        Agency, models.CASCADE, related_name="successions", verbose_name="承接机构", help_text="现在由谁承接"
    )
    matter = models.CharField("承接内容", max_length=80, blank=True, default="", help_text="承接哪一块，空表示全部")
    on = models.DateField("日期", help_text="从哪一天起承接")
    certainty = models.CharField("把握", max_length=16, help_text="这条资料的把握程度，请对照本地文件")

    class Meta:
        verbose_name = "机构承接关系"
        constraints = [
            models.UniqueConstraint(fields=["old_name", "agency", "matter"], name="directory_succession_once"),
        ]


class Window(models.Model):
    """A window of a service centre."""

    agency = models.ForeignKey(
        Agency, models.CASCADE, related_name="windows", verbose_name="中心", help_text="哪个便民服务中心"
    )
    number = models.PositiveSmallIntegerField("窗口号", help_text="窗口编号")
    name = models.CharField("名称", max_length=40, help_text="窗口名称")

    class Meta:
        verbose_name = "窗口"
        constraints = [models.UniqueConstraint(fields=["agency", "number"], name="directory_window_number")]


class OfficeHours(models.Model):
    """When a body opens and closes on a working day, from one day to another."""

    agency = models.ForeignKey(
        Agency, models.CASCADE, related_name="office_hours", verbose_name="机构", help_text="哪个机构"
    )
    opens_at = models.TimeField("上班", help_text="工作日几点开始对外办公")
    closes_at = models.TimeField("下班", help_text="工作日几点结束；之后交到窗口的按规定算下一个工作日")
    valid_from = models.DateField("起", help_text="从这一天起")
    valid_until = models.DateField("止", null=True, help_text="到这一天为止（不含），空表示至今")

    class Meta:
        verbose_name = "办公时间"
        constraints = [
            ExclusionConstraint(
                name="directory_hours_once",
                expressions=[
                    ("agency", "="),
                    (Func("valid_from", "valid_until", function="daterange", output_field=DateRangeField()), "&&"),
                ],
            ),
            models.CheckConstraint(condition=Q(closes_at__gt=F("opens_at")), name="directory_hours_order"),
        ]


class Officer(models.Model):
    """Somebody who serves."""

    name = models.CharField("姓名", max_length=40, help_text="姓名；演示人员带“演示”二字")
    account = models.OneToOneField(
        "accounts.Account",
        models.PROTECT,
        null=True,
        related_name="+",
        verbose_name="账号",
        help_text="登录账号，可空",
    )

    class Meta:
        verbose_name = "工作人员"


class Post(models.Model):
    """What somebody serves as, where, from when to when."""

    officer = models.ForeignKey(Officer, models.PROTECT, related_name="posts", verbose_name="人员", help_text="谁")
    agency = models.ForeignKey(
        Agency, models.PROTECT, related_name="posts", verbose_name="机构", help_text="在哪个机构"
    )
    roles = ArrayField(models.CharField(max_length=16), help_text="岗位职责代码，如 front_desk")
    title = models.CharField("职务", max_length=40, help_text="职务名称")
    valid_from = models.DateField("起", help_text="从这一天起在任")
    valid_until = models.DateField("止", null=True, help_text="到这一天离任（不含），空表示在任")

    class Meta:
        verbose_name = "岗位"
        constraints = [
            models.CheckConstraint(
                condition=Q(valid_until=None) | Q(valid_until__gt=F("valid_from")),
                name="directory_post_period",
            ),
        ]

    @property
    def roles_text(self) -> str:
        """The roles in words."""
        return "、".join(ROLES.get(one, one) for one in self.roles)


class AdminProposal(models.Model):
    """Somebody proposed for an administrator's role; it counts when another person confirms."""

    officer = models.ForeignKey(Officer, models.PROTECT, related_name="+", verbose_name="人员", help_text="提名谁")
    agency = models.ForeignKey(Agency, models.PROTECT, related_name="+", verbose_name="机构", help_text="在哪个机构")
    role = models.CharField("职责", max_length=16, help_text="系统、安全、审计管理员之一的代码")
    title = models.CharField("职务", max_length=40, help_text="职务名称")
    reason = models.CharField("理由", max_length=200, help_text="为什么提名")
    proposed_by = models.ForeignKey(
        Officer, models.PROTECT, related_name="+", verbose_name="提名人", help_text="哪位安全管理员提名"
    )
    proposed_at = models.DateTimeField("提名时间", help_text="什么时候提名")
    outcome = models.CharField(
        "结果",
        max_length=10,
        default="open",
        choices=[("open", "待确认"), ("confirmed", "已确认"), ("refused", "未同意")],
        help_text="待确认、已确认、未同意",
    )
    decided_by = models.ForeignKey(
        Officer, models.PROTECT, null=True, related_name="+", verbose_name="确认人", help_text="谁确认或不同意"
    )
    decided_at = models.DateTimeField("确认时间", null=True, help_text="什么时候确认或不同意")

    class Meta:
        verbose_name = "管理员提名"
        constraints = [
            models.UniqueConstraint(fields=["officer"], condition=Q(outcome="open"), name="directory_proposal_open"),
            models.CheckConstraint(
                condition=~Q(proposed_by=F("officer"))
                & (Q(decided_by=None) | (~Q(decided_by=F("proposed_by")) & ~Q(decided_by=F("officer")))),
                name="directory_proposal_two",
            ),
            models.CheckConstraint(
                condition=Q(outcome="open", decided_by=None, decided_at=None)
                | Q(~Q(outcome="open"), decided_by__isnull=False, decided_at__isnull=False),
                name="directory_proposal_decided",
            ),
        ]

    @property
    def role_text(self) -> str:
        """The role in words."""
        return ROLES.get(self.role, self.role)


class Glass(models.Model):
    """A break-glass session: an administrator looks at the matters of one place, for a while, with a reason."""

    officer = models.ForeignKey(Officer, models.PROTECT, related_name="+", verbose_name="人员", help_text="谁打开的")
    who = models.CharField("谁", max_length=120, help_text="打开时的单位和姓名")
    role = models.CharField("职责", max_length=16, help_text="以哪种管理员身份")
    place = models.ForeignKey(
        Division, models.PROTECT, related_name="+", verbose_name="范围", help_text="看哪个县区或乡镇的办件"
    )
    purpose = models.CharField("依据", max_length=40, help_text="故障单号或交办文号")
    reason = models.CharField("理由", max_length=120, help_text="为什么看，当事人会看到")
    opened_at = models.DateTimeField("打开时间", db_index=True, help_text="什么时候打开")
    until = models.DateTimeField("到期时间", help_text="到这一刻自动结束，不能延长")
    ended_at = models.DateTimeField("结束时间", null=True, help_text="提前结束的时间，空表示没有提前结束")
    seen_by = models.ForeignKey(
        Officer, models.PROTECT, null=True, related_name="+", verbose_name="签收人", help_text="当地哪位领导签收"
    )
    seen_at = models.DateTimeField("签收时间", null=True, help_text="当地领导什么时候签收")

    class Meta:
        verbose_name = "应急查看"
        indexes = [models.Index(fields=["officer", "-opened_at"], name="directory_glass_officer")]
        constraints = [models.CheckConstraint(condition=Q(until__gt=F("opened_at")), name="directory_glass_period")]

    @property
    def why(self) -> str:
        """What the person whose data is looked at reads."""
        return f"应急查看（{self.purpose}）：{self.reason}"

    @property
    def role_text(self) -> str:
        """The role in words."""
        return ROLES.get(self.role, self.role)


class Edition(models.Model):
    """One row: the edition of places and bodies, raised by triggers, so that no way of changing them passes it by."""

    number = models.BigIntegerField(
        "目录版次", help_text="区划或机构每改一次加 1；各个进程据此知道自己记住的目录是不是旧的"
    )
