"""Outbox messages carry the trace of the request that queued them; with a default of the database nothing is rewritten."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("record", "0006_part_by_year")]

    operations = [
        migrations.AddField(
            model_name="outboxmessage",
            name="trace",
            field=models.CharField(
                blank=True,
                db_default="",
                default="",
                help_text="哪一次请求引起的，用来在日志里查找",
                max_length=32,
                verbose_name="追踪号",
            ),
        ),
    ]
