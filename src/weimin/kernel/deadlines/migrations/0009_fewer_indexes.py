"""The foreign key's own index finds the few entries of a clock; dropped while writes go on."""

from django.contrib.postgres.operations import RemoveIndexConcurrently
from django.db import migrations


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("deadlines", "0008_index_stuck")]

    operations = [RemoveIndexConcurrently("clockentry", "deadlines_entry_clock")]
