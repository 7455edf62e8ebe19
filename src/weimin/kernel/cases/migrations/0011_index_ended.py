"""What ended in a place and month is counted and listed by it; built while writes go on."""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("cases", "0010_carry_county_key")]

    operations = [
        AddIndexConcurrently(
            "case",
            models.Index(
                fields=["township", "-ended_at"],
                name="cases_case_ended",
                condition=models.Q(ended_at__isnull=False),
            ),
        ),
    ]
