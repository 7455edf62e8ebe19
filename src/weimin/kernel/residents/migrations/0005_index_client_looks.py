"""A body's looks through interfaces are found by an index, however many such looks there are.

Indexes of parted tables cannot be made concurrently; this log is written once a page, and waits while it is made.
"""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("residents", "0004_find_by_name"), ("evaluation", "0007_part_reads_by_year")]

    operations = [
        migrations.AddIndex(
            model_name="readentry",
            index=models.Index(
                condition=models.Q(("account_id", None)), fields=["agency_id"], name="residents_read_client"
            ),
        ),
    ]
