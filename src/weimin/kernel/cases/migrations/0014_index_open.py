"""An inbox is read in its order, and counted, from one index; built while writes go on."""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("cases", "0013_index_person")]

    operations = [
        AddIndexConcurrently(
            "step",
            models.Index(
                fields=["agency", "due_on", "id"],
                include=["case", "role", "kind", "assignee"],
                name="cases_step_open",
                condition=models.Q(state="open"),
            ),
        ),
    ]
