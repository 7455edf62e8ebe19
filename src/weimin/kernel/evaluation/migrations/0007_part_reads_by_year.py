"""The read log is parted by year; questions about a look hold its number without a key in the database."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("evaluation", "0006_ask_directory_for_place"),
        ("residents", "0003_put_behind_wall"),
        ("record", "0006_part_by_year"),
    ]

    operations = [
        migrations.AlterField(
            model_name="readquery",
            name="entry",
            field=models.ForeignKey(
                db_constraint=False,
                help_text="问的是哪一次查看",
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="residents.readentry",
                verbose_name="查看记录",
            ),
        ),
        migrations.RunSQL("SELECT record_part_by_year('residents_readentry', 'at', 'id');", migrations.RunSQL.noop),
    ]
