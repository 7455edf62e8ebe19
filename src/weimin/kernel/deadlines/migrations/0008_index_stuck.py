"""The few whose due moment failed are found without reading all of them; built while writes go on."""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("deadlines", "0007_carry_county_key")]

    operations = [
        AddIndexConcurrently(
            "clock",
            models.Index(
                fields=["-attention_tries"],
                name="deadlines_clock_stuck",
                condition=models.Q(attention_tries__gt=0),
            ),
        ),
    ]
