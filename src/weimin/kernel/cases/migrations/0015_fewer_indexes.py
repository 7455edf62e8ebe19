"""What the two new indexes stand for goes; so does the index that Django makes for a foreign key where another begins
with the same column. Dropped while writes go on.
"""

from django.contrib.postgres.operations import RemoveIndexConcurrently
from django.db import migrations, models
from django.db.models import deletion

_FIELDS = {
    ("case", "township", "cases_case_township_id_297cee2c"): models.ForeignKey(
        "directory.division",
        deletion.PROTECT,
        db_index=False,
        related_name="+",
        verbose_name="受理乡镇",
        help_text="受理的乡镇（街道）",
    ),
    ("case", "applicant", "cases_case_applicant_id_756c921c"): models.ForeignKey(
        "residents.resident",
        deletion.PROTECT,
        db_index=False,
        null=True,
        related_name="+",
        verbose_name="申请人",
        help_text="给谁办的；依职权登记的可以为空",
    ),
    ("step", "case", "cases_step_case_id_95522377"): models.ForeignKey(
        "cases.case",
        deletion.CASCADE,
        db_index=False,
        related_name="steps",
        verbose_name="办件",
        help_text="哪一件",
    ),
    ("step", "agency", "cases_step_agency_id_32b8ab7b"): models.ForeignKey(
        "directory.agency",
        deletion.PROTECT,
        db_index=False,
        related_name="+",
        verbose_name="承办机构",
        help_text="由谁办",
    ),
}


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("cases", "0014_index_open")]

    operations = [
        RemoveIndexConcurrently("case", "cases_case_applicant"),
        RemoveIndexConcurrently("step", "cases_step_inbox"),
        RemoveIndexConcurrently("paper", "cases_paper_kind"),
        RemoveIndexConcurrently("timelineentry", "cases_timeline_case"),
        *(
            migrations.SeparateDatabaseAndState(
                [
                    migrations.RunSQL(
                        f"DROP INDEX CONCURRENTLY IF EXISTS {index}",
                        f"CREATE INDEX CONCURRENTLY IF NOT EXISTS {index} ON cases_{model} ({field}_id)",
                    )
                ],
                [migrations.AlterField(model, field, kind)],
            )
            for (model, field, index), kind in _FIELDS.items()
        ),
        migrations.RunSQL(
            "DROP INDEX CONCURRENTLY IF EXISTS cases_case_township_id_297cee2c_like",
            "CREATE INDEX CONCURRENTLY IF NOT EXISTS cases_case_township_id_297cee2c_like"
            " ON cases_case (township_id varchar_pattern_ops)",
        ),
    ]
