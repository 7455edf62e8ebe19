"""The few whose due moment failed are found without reading all of them; built while writes go on."""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("cases", "0011_index_ended")]

    operations = [
        AddIndexConcurrently(
            "case",
            models.Index(
                fields=["-attention_tries"],
                name="cases_case_stuck",
                condition=models.Q(attention_tries__gt=0),
            ),
        ),
    ]
