"""Who bears a name is read from the index alone; built while writes go on."""

from django.contrib.postgres.operations import AddIndexConcurrently, RemoveIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("residents", "0006_carry_county_key")]

    operations = [
        AddIndexConcurrently("resident", models.Index(fields=["name"], include=["id"], name="residents_named")),
        RemoveIndexConcurrently("resident", "residents_name"),
    ]
