"""Tables of ratings, repairs, and questions about looks."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from weimin.base.counties import CountyKey
from weimin.kernel.evaluation.types import GRADES


class Rating(models.Model):
    """One rating of one matter by the person it was for."""

    case = models.OneToOneField(
        "cases.Case", models.CASCADE, related_name="+", verbose_name="办件", help_text="评的是哪一件"
    )
    grade = models.PositiveSmallIntegerField("等级", choices=list(GRADES.items()), help_text="五级满意度")
    comment = models.TextField("意见", blank=True, default="", help_text="想说的话")
    at = models.DateTimeField("时间", help_text="什么时候评的")
    county = CountyKey(of="case")

    class Meta:
        verbose_name = "评价"
        constraints = [models.CheckConstraint(condition=Q(grade__gte=1, grade__lte=5), name="evaluation_grade_range")]


class Repair(models.Model):
    """What an office did about a bad rating."""

    rating = models.OneToOneField(
        Rating, models.CASCADE, related_name="repair", verbose_name="评价", help_text="哪条差评"
    )
    agency = models.ForeignKey(
        "directory.Agency", models.PROTECT, related_name="+", verbose_name="整改单位", help_text="由谁整改"
    )
    opened_at = models.DateTimeField("开始时间", help_text="什么时候开始整改")
    due_on = models.DateField("期限", help_text="最迟哪天回复，由时钟算出")
    clock = models.ForeignKey(
        "deadlines.Clock", models.PROTECT, null=True, related_name="+", verbose_name="时钟", help_text="回复的期限"
    )
    answered_at = models.DateTimeField("回复时间", null=True, help_text="什么时候回复的")
    answer = models.TextField("回复", blank=True, default="", help_text="写给群众的整改结果")
    answered_by = models.CharField("回复人", max_length=120, blank=True, default="", help_text="谁回复的")
    county = CountyKey(of="rating")

    class Meta:
        verbose_name = "差评整改"
        indexes = [
            models.Index(fields=["agency", "due_on"], name="evaluation_repair_open", condition=Q(answered_at=None))
        ]


class ReadQuery(models.Model):
    """A person asks why somebody looked at their data; the agency that looked answers by a day."""

    # no key in the database: the log is parted by year, and who forgets it asks first which looks are asked about
    entry = models.ForeignKey(
        "residents.ReadEntry",
        models.PROTECT,
        db_constraint=False,
        related_name="+",
        verbose_name="查看记录",
        help_text="问的是哪一次查看",
    )
    resident = models.ForeignKey(
        "residents.Resident", models.PROTECT, related_name="+", verbose_name="谁问的", help_text="被看的本人"
    )
    question = models.CharField("问题", max_length=300, help_text="本人想问的话")
    asked_at = models.DateTimeField("询问时间", help_text="什么时候问的")
    agency = models.ForeignKey(
        "directory.Agency", models.PROTECT, related_name="+", verbose_name="答复单位", help_text="看资料的单位"
    )
    due_on = models.DateField("期限", help_text="最迟哪天答复，由时钟算出")
    clock = models.ForeignKey(
        "deadlines.Clock", models.PROTECT, related_name="+", verbose_name="时钟", help_text="答复的期限"
    )
    answered_at = models.DateTimeField("答复时间", null=True, help_text="什么时候答复的")
    answer = models.TextField("答复", blank=True, default="", help_text="写给本人的答复")
    answered_by = models.CharField("答复人", max_length=120, blank=True, default="", help_text="谁答复的")

    class Meta:
        verbose_name = "查看询问"
        constraints = [models.UniqueConstraint(fields=["entry", "resident"], name="evaluation_query_once")]
        indexes = [
            models.Index(fields=["agency", "due_on"], name="evaluation_query_open", condition=Q(answered_at=None)),
            models.Index(fields=["resident", "-id"], name="evaluation_query_mine"),
        ]
