"""People are found by their whole name at the window; the index is made without holding up writers."""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("residents", "0003_put_behind_wall")]

    operations = [
        AddIndexConcurrently(model_name="resident", index=models.Index(fields=["name"], name="residents_name")),
    ]
