"""Which of a person's matters somebody may see is told from one index, without reading the matters; built while writes go on."""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("cases", "0012_index_stuck")]

    operations = [
        AddIndexConcurrently(
            "case",
            models.Index(
                fields=["applicant", "-submitted_at"], include=["id", "township", "number"], name="cases_case_person"
            ),
        ),
    ]
