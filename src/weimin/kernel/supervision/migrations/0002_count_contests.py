"""A supervisor's count of contests to judge reads those only, however many warnings there are."""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("supervision", "0001_create_supervision")]

    operations = [
        AddIndexConcurrently(
            model_name="warning",
            index=models.Index(
                condition=models.Q(("contest", "contested")), fields=["place"], name="supervision_warning_contest"
            ),
        ),
    ]
