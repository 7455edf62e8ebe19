"""Tables of the calendar, legal parameters and clocks."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q

from weimin.kernel.deadlines.types import PURPOSE_TEXT


class CalendarYear(models.Model):
    """A year whose notice is out."""

    year = models.PositiveSmallIntegerField("年份", primary_key=True, help_text="哪一年")
    notice = models.CharField("文号", max_length=60, help_text="国务院办公厅放假安排通知的文号")
    source = models.CharField("来源", max_length=200, help_text="从哪里得来、怎样核对的")
    loaded_at = models.DateTimeField("装入时间", help_text="什么时候装入的")

    class Meta:
        verbose_name = "日历年份"


class CalendarDay(models.Model):
    """A day that is not what its weekday says: a holiday or a make-up working day."""

    date = models.DateField("日期", primary_key=True, help_text="哪一天")
    works = models.BooleanField("上班", help_text="是否上班")
    note = models.CharField("说明", max_length=30, help_text="什么节，或调休上班")

    class Meta:
        verbose_name = "放假与调休"


class LegalParameter(models.Model):
    """A number that law or a local list fixes, from one day to another."""

    code = models.CharField("代码", max_length=60, help_text="参数代码，如 permit.decision")
    value = models.IntegerField("数值", help_text="数值")
    unit = models.CharField("单位", max_length=12, help_text="workday 工作日、day 日、month 月 等")
    article = models.CharField("依据", max_length=80, help_text="法规代码和条文")
    valid_from = models.DateField("起", help_text="从这一天起适用")
    valid_until = models.DateField("止", null=True, help_text="到这一天为止（不含），空表示仍适用")
    certainty = models.CharField("把握", max_length=16, help_text="把握程度；凭经验的请按本地清单核对")

    class Meta:
        verbose_name = "法定参数"
        constraints = [
            models.UniqueConstraint(fields=["code", "valid_from"], name="deadlines_parameter_from"),
            models.CheckConstraint(
                condition=Q(valid_until=None) | Q(valid_until__gt=F("valid_from")),
                name="deadlines_parameter_period",
            ),
        ]


class Clock(models.Model):
    """One running limit on one thing; its dates are the sum of its entries."""

    purpose = models.CharField(
        "用途", max_length=10, choices=list(PURPOSE_TEXT.items()), help_text="审查、办理还是送达"
    )
    subject_type = models.CharField("对象类别", max_length=20, help_text="给哪类东西计时")
    subject_id = models.CharField("对象编号", max_length=40, help_text="那个东西的编号")
    start_date = models.DateField("起算日", help_text="事件发生的当天，不计入")
    statutory_value = models.PositiveSmallIntegerField("法定期限", null=True, help_text="法定期限的数值")
    statutory_unit = models.CharField("法定单位", max_length=8, blank=True, default="", help_text="法定期限的单位")
    committed_value = models.PositiveSmallIntegerField("承诺期限", null=True, help_text="承诺期限的数值")
    committed_unit = models.CharField("承诺单位", max_length=8, blank=True, default="", help_text="承诺期限的单位")
    article = models.CharField("依据", max_length=120, blank=True, default="", help_text="期限的法律依据")
    due_date = models.DateField("法定到期日", null=True, help_text="由台账算出")
    committed_due_date = models.DateField("承诺到期日", null=True, help_text="由台账算出")
    provisional = models.BooleanField("暂定", default=False, help_text="跨入未公布放假安排的年份")
    state = models.CharField(
        "状态",
        max_length=8,
        choices=[("running", "计时中"), ("paused", "已停钟"), ("stopped", "已结束")],
        help_text="计时中、停钟或结束",
    )
    stopped_on = models.DateField("结束日", null=True, help_text="哪天结束计时")

    class Meta:
        verbose_name = "时钟"
        indexes = [
            models.Index(fields=["subject_type", "subject_id"], name="deadlines_clock_subject"),
            models.Index(fields=["due_date"], name="deadlines_clock_open", condition=~Q(state="stopped")),
        ]


class ClockEntry(models.Model):
    """One entry of a clock's ledger; entries are added, never changed."""

    clock = models.ForeignKey(Clock, models.CASCADE, related_name="entries", verbose_name="时钟", help_text="哪个时钟")
    kind = models.CharField(
        "种类",
        max_length=8,
        choices=[
            ("start", "起算"),
            ("pause", "停钟"),
            ("resume", "恢复"),
            ("extend", "延长"),
            ("stop", "结束"),
        ],
        help_text="起算、停钟、恢复、延长或结束",
    )
    on = models.DateField("日期", help_text="从哪一天起")
    value = models.SmallIntegerField("数值", null=True, help_text="延长的数值")
    reason = models.CharField("事由", max_length=120, blank=True, default="", help_text="为什么")
    article = models.CharField("依据", max_length=80, blank=True, default="", help_text="法律依据")
    by_label = models.CharField("谁", max_length=120, help_text="谁记的")
    at = models.DateTimeField("记入时间", help_text="什么时候记的")

    class Meta:
        verbose_name = "时钟台账"
        indexes = [models.Index(fields=["clock", "id"], name="deadlines_entry_clock")]
