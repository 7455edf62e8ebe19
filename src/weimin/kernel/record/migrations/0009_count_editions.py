"""The edition of what is public, counted by rows that are only added."""

from django.db import migrations, models

# web processes add and count; the worker folds
GUARD = "REVOKE UPDATE, DELETE ON record_edition FROM weimin_app"


class Migration(migrations.Migration):
    dependencies = [("record", "0008_keep_maintenance_and_digests")]

    operations = [
        migrations.CreateModel(
            name="Edition",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("at", models.DateTimeField(help_text="什么时候改的，合并的行是合并的时间", verbose_name="时间")),
                (
                    "rises",
                    models.BigIntegerField(
                        default=1, help_text="公开内容改了几次，合并的行是它们的和", verbose_name="几次"
                    ),
                ),
            ],
            options={"verbose_name": "公开内容版次"},
        ),
        migrations.RunSQL(GUARD, migrations.RunSQL.noop),
    ]
