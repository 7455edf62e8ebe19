"""Tables of the trail, the files, the outbox and the remembered answers."""

from __future__ import annotations

from django.db import models
from django.db.models import Q


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

    class Meta:
        verbose_name = "审计记录"
        indexes = [
            models.Index(fields=["subject_type", "subject_id", "id"], name="record_audit_subject"),
        ]


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

    class Meta:
        verbose_name = "后台进程心跳"
