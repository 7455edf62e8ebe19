"""Tables of the trail, the files, the outbox and the remembered answers."""

from __future__ import annotations

from django.contrib.postgres.indexes import OpClass
from django.db import models
from django.db.models import F, Func, Q
from django.db.models.functions import Cast, Reverse

_TRANSACTION = Cast(Func(function="pg_current_xact_id", output_field=models.TextField()), models.TextField())


class AuditEntry(models.Model):
    """One thing that was done: by whom, to what, with old and new. Never changed or deleted."""

    at = models.DateTimeField("时间", help_text="事情发生的时间")
    verb = models.CharField("动作", max_length=80, help_text="做了什么，如 cases.case.accepted")
    subject_type = models.CharField("对象类别", max_length=40, help_text="对哪一类东西做的，如 case")
    subject_id = models.CharField("对象编号", max_length=64, help_text="那个东西的编号")
    actor_kind = models.CharField("身份", max_length=12, help_text="群众、工作人员、接口或系统")
    actor_id = models.BigIntegerField("账号编号", null=True, help_text="做这件事的账号，系统自己做的为空")
    actor_name = models.CharField("姓名", max_length=120, help_text="当时的单位和姓名，人走了也留着")
    agency_id = models.BigIntegerField("机构编号", null=True, help_text="当时所在的机构")
    via = models.CharField("途径", max_length=12, help_text="从哪里做的：门户、工作台、接口、任务、命令行")
    changes = models.JSONField("变化", help_text="改了什么：旧值和新值，不含个人信息明文")
    digest = models.CharField("摘要", max_length=64, help_text="本条内容的 SM3 摘要，用来发现篡改")
    xid = models.BigIntegerField(
        "事务号",
        db_default=Cast(_TRANSACTION, models.BigIntegerField()),
        help_text="写入本条的数据库事务的编号，由数据库填写，入链按它排序",
    )

    class Meta:
        verbose_name = "审计记录"
        indexes = [
            models.Index(fields=["subject_type", "subject_id", "id"], name="record_audit_subject"),
            models.Index(fields=["xid", "id"], name="record_audit_xid"),
            models.Index(fields=["at", "id"], name="record_audit_at"),
            models.Index(fields=["verb", "at", "id"], name="record_audit_verb"),
            models.Index(fields=["actor_id", "at", "id"], name="record_audit_actor"),
            # a name stands at the end of 单位 + 姓名
            models.Index(OpClass(Reverse("actor_name"), "text_pattern_ops"), F("at"), name="record_audit_name"),
        ]


class AuditLink(models.Model):
    """The place of one audit entry in the chain of a day. Never changed or deleted.

    No foreign key in the database: it would lock every entry once more when it is linked, and a link
    whose entry is gone is what the check looks for.
    """

    entry = models.OneToOneField(
        AuditEntry,
        primary_key=True,
        on_delete=models.DO_NOTHING,
        db_constraint=False,
        related_name="link",
        verbose_name="记录",
        help_text="哪一条审计记录",
    )
    day = models.DateField("入链日", help_text="在哪一天（北京时间）入链")
    place = models.BigIntegerField("序号", help_text="当天第几条，从 1 起，中间不空")
    chain = models.CharField("链值", max_length=64, help_text="上一条的链值和本条摘要连起来的 SM3")

    class Meta:
        verbose_name = "审计链环"
        constraints = [models.UniqueConstraint(fields=["day", "place"], name="record_link_place")]


class AuditDay(models.Model):
    """A closed day of the chain with its published digest. Never changed or deleted."""

    day = models.DateField("日期", primary_key=True, help_text="哪一天（北京时间）")
    count = models.BigIntegerField("条数", help_text="当天入链多少条")
    previous = models.CharField("前一天摘要", max_length=64, help_text="前一天的摘要，当天的链从它开始")
    head = models.CharField("链头", max_length=64, help_text="当天最后一条的链值，没有记录就是前一天摘要")
    digest = models.CharField("当天摘要", max_length=64, help_text="日期、条数、前一天摘要、链头合起来的 SM3，对外公布")
    closed_at = models.DateTimeField("封存时间", help_text="当天过完以后封存的时间")

    class Meta:
        verbose_name = "审计日摘要"


class ChainState(models.Model):
    """How far the chain has come: one row."""

    begun_on = models.DateField("开始日期", help_text="链从哪一天（北京时间）开始")
    day = models.DateField("当天", help_text="还没封存、正在入链的那一天")
    place = models.BigIntegerField("当天条数", help_text="当天已入链多少条")
    previous = models.CharField("前一天摘要", max_length=64, help_text="当天的链从哪个摘要开始")
    head = models.CharField("链头", max_length=64, help_text="最后一条的链值，当天还没有记录就是前一天摘要")
    settled_xid = models.BigIntegerField("事务号", help_text="到哪个数据库事务为止都已入链")
    settled_id = models.BigIntegerField("记录号", help_text="那个事务里到哪一条为止都已入链")
    system = models.CharField("数据库标识", max_length=32, help_text="哪一套数据库，恢复到另一套时事务号会重新计")

    class Meta:
        verbose_name = "审计链状态"


class AuditCheck(models.Model):
    """One check of the chain or of the stored files, and what it found."""

    at = models.DateTimeField("时间", help_text="什么时候核验的")
    what = models.CharField("核验什么", max_length=8, help_text="审计链，或者存放的文件")
    by_label = models.CharField("谁", max_length=120, help_text="谁核验的：夜间任务，或者命令行")
    since = models.DateField("从哪天", null=True, help_text="从哪一天的链开始，空表示从头")
    until = models.DateField("到哪天", null=True, help_text="到哪一天为止，文件核验为空")
    looked = models.BigIntegerField("条数", help_text="看了多少条记录或多少个文件")
    fault_kind = models.CharField(
        "哪里不对", max_length=16, blank=True, default="", help_text="第一处不对的种类，空表示都对"
    )
    fault_day = models.DateField("不对的那天", null=True, help_text="第一处不对的在哪一天的链上")
    fault_text = models.CharField("说明", max_length=200, blank=True, default="", help_text="第一处不对的在哪里")

    class Meta:
        verbose_name = "审计核验结果"
        indexes = [models.Index(fields=["what", "-at"], name="record_check_at")]


class Blob(models.Model):
    """The content of a file, stored once under its digest."""

    sha256 = models.CharField("内容地址", max_length=64, unique=True, help_text="内容的 SHA-256，也是存放地址")
    sm3 = models.CharField("国密摘要", max_length=64, help_text="内容的 SM3 摘要，用来核验")
    size_bytes = models.BigIntegerField("大小", help_text="字节数")
    media_type = models.CharField("类型", max_length=100, help_text="按内容识别出的文件类型")
    stored_at = models.DateTimeField("存入时间", help_text="第一次存入的时间")
    key_sealed = models.BinaryField(
        "文件密钥", null=True, help_text="这个文件自己的密钥，加密保存；空表示早先存入、未加密的文件"
    )

    class Meta:
        verbose_name = "文件内容"


class OutboxMessage(models.Model):
    """Something that happened and must be told onward; lives until it is delivered."""

    topic = models.CharField("主题", max_length=80, help_text="发生了什么，如 cases.case.accepted")
    payload = models.JSONField("内容", help_text="要传递的编号等，不含个人信息明文")
    queued_at = models.DateTimeField("排队时间", help_text="写入的时间")
    due_at = models.DateTimeField("下次发送", help_text="最早什么时候再发")
    attempts = models.PositiveSmallIntegerField("次数", default=0, help_text="已试几次")
    delivered_at = models.DateTimeField("送达时间", null=True, help_text="送到的时间，空表示还没送到")
    failed_at = models.DateTimeField("放弃时间", null=True, help_text="多次不成、等人处理的时间")
    last_error = models.CharField("最近错误", max_length=300, blank=True, default="", help_text="最近一次失败的原因")
    trace = models.CharField(
        "追踪号", max_length=32, blank=True, default="", db_default="", help_text="哪一次请求引起的，用来在日志里查找"
    )

    class Meta:
        verbose_name = "待发事件"
        indexes = [
            models.Index(
                fields=["due_at"],
                name="record_outbox_waiting",
                condition=Q(delivered_at__isnull=True, failed_at__isnull=True),
            ),
        ]


class RememberedAnswer(models.Model):
    """The answer given to a write with an idempotency key, so that a repeat gets the same."""

    scope = models.CharField("范围", max_length=80, help_text="谁的哪一类提交")
    key = models.CharField("提交编号", max_length=80, help_text="客户端给的一次性编号")
    request_digest = models.CharField("请求摘要", max_length=64, help_text="请求内容的摘要，内容不同则拒绝")
    answer = models.JSONField("答复", null=True, help_text="第一次办理给出的答复")
    at = models.DateTimeField("时间", help_text="第一次提交的时间")

    class Meta:
        verbose_name = "防重复提交记录"
        constraints = [
            models.UniqueConstraint(fields=["scope", "key"], name="record_remembered_once"),
        ]
        indexes = [models.Index(fields=["at"], name="record_remembered_at")]


class WorkerBeat(models.Model):
    """The sign of life of a background worker."""

    name = models.CharField("名称", max_length=80, primary_key=True, help_text="哪个后台进程")
    at = models.DateTimeField("时间", help_text="最近一次活动")
    note = models.CharField("说明", max_length=200, blank=True, default="", help_text="它刚做了什么")
    version = models.CharField(
        "版本", max_length=32, blank=True, default="", db_default="", help_text="它运行的是哪一版程序"
    )
    facts = models.JSONField(
        "数字", default=dict, db_default={}, help_text="网页进程看不到、由它数的数：到期没办成、导入出错等"
    )

    class Meta:
        verbose_name = "后台进程心跳"


class Maintenance(models.Model):
    """A time during which nothing is written: announced before, followed within seconds. One row at most."""

    begins_at = models.DateTimeField("开始", help_text="从什么时候起暂停办理")
    until = models.DateTimeField("预计结束", help_text="大约到什么时候，告诉群众和工作人员的")
    reason = models.CharField("原因", max_length=120, help_text="为什么，写给群众看的一句话")
    by_label = models.CharField("谁", max_length=120, help_text="谁安排的")

    class Meta:
        verbose_name = "维护安排"


class Digest(models.Model):
    """What failed in a day, as operators read it the next morning."""

    day = models.DateField("日期", primary_key=True, help_text="哪一天早上写的")
    at = models.DateTimeField("时间", help_text="什么时候写的")
    lines = models.JSONField("内容", help_text="每一行一件没办成的事和该做什么，不含个人信息")

    class Meta:
        verbose_name = "每日失败摘要"


class Edition(models.Model):
    """A change of what public pages show, or many of them folded into one row; the sum of all rows is the edition.

    Rows are only added, so that whoever publishes waits for nobody, and each counts from its commit on.
    """

    at = models.DateTimeField("时间", help_text="什么时候改的，合并的行是合并的时间")
    rises = models.BigIntegerField("几次", default=1, help_text="公开内容改了几次，合并的行是它们的和")

    class Meta:
        verbose_name = "公开内容版次"
