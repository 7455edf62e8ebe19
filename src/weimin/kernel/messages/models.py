"""The table of messages to people."""

from __future__ import annotations

from django.db import models

from weimin.base.counties import CountyKey


class Message(models.Model):
    """A notice to one person, in the message centre and by text."""

    resident = models.ForeignKey(
        "residents.Resident",
        models.CASCADE,
        related_name="+",
        db_index=False,  # notices_message_person begins with it
        verbose_name="收件人",
        help_text="给谁",
    )
    title = models.CharField("标题", max_length=60, help_text="一句话说明")
    body = models.CharField("内容", max_length=400, help_text="完整内容")
    number = models.CharField("办件编号", max_length=24, blank=True, default="", help_text="关于哪个办件")
    at = models.DateTimeField("时间", help_text="什么时候")
    read_at = models.DateTimeField("已读时间", null=True, help_text="什么时候读的")
    source = models.CharField("来源", max_length=80, unique=True, help_text="由哪件事产生，保证只发一次")
    sms_sent_at = models.DateTimeField("短信时间", null=True, help_text="短信交出去的时间")
    county = CountyKey(of="resident")

    class Meta:
        verbose_name = "消息"
        indexes = [models.Index(fields=["resident", "-at"], name="notices_message_person")]
