"""Two indexes that Django makes go: another begins with the person, nobody asks for beginnings of sources. While writes go on."""

from django.db import migrations, models
from django.db.models import deletion


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("notices", "0003_carry_county_key")]

    operations = [
        migrations.SeparateDatabaseAndState(
            [
                migrations.RunSQL(
                    "DROP INDEX CONCURRENTLY IF EXISTS notices_message_resident_id_8c31d0b6",
                    "CREATE INDEX CONCURRENTLY IF NOT EXISTS notices_message_resident_id_8c31d0b6"
                    " ON notices_message (resident_id)",
                )
            ],
            [
                migrations.AlterField(
                    "message",
                    "resident",
                    models.ForeignKey(
                        "residents.resident",
                        deletion.CASCADE,
                        db_index=False,
                        related_name="+",
                        verbose_name="收件人",
                        help_text="给谁",
                    ),
                )
            ],
        ),
        # of the unique key, which nobody asks for by its beginning
        migrations.RunSQL(
            "DROP INDEX CONCURRENTLY IF EXISTS notices_message_source_6fc38ef9_like",
            "CREATE INDEX CONCURRENTLY IF NOT EXISTS notices_message_source_6fc38ef9_like"
            " ON notices_message (source varchar_pattern_ops)",
        ),
    ]
