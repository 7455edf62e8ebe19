"""Search looks through what is in force only, and the list of a day through the periods: neither slows down as rows
gather history.
"""

import django.contrib.postgres.fields.ranges
import django.contrib.postgres.indexes
from django.contrib.postgres.operations import AddIndexConcurrently, RemoveIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):

    atomic = False

    dependencies = [
        ('catalogue', '0006_count_printed_guides'),
    ]

    operations = [
        AddIndexConcurrently(
            model_name='itemversion',
            index=django.contrib.postgres.indexes.GinIndex(condition=models.Q(('status', 'in_force')), fields=['search'], name='catalogue_force_search'),
        ),
        AddIndexConcurrently(
            model_name='itemversion',
            index=django.contrib.postgres.indexes.GinIndex(condition=models.Q(('status', 'in_force')), fields=['names'], name='catalogue_force_names'),
        ),
        AddIndexConcurrently(
            model_name='itemversion',
            index=django.contrib.postgres.indexes.GistIndex(condition=models.Q(('status', 'in_force')), fields=['search_text'], name='catalogue_force_typos', opclasses=['gist_trgm_ops']),
        ),
        AddIndexConcurrently(
            model_name='itemversion',
            index=django.contrib.postgres.indexes.GistIndex(models.Func('valid_from', 'valid_until', function='daterange', output_field=django.contrib.postgres.fields.ranges.DateRangeField()), condition=models.Q(('effect', 'set'), ('status__in', ['ended', 'in_force', 'waiting'])), name='catalogue_version_day'),
        ),
        RemoveIndexConcurrently(model_name='itemversion', name='catalogue_version_search'),
        RemoveIndexConcurrently(model_name='itemversion', name='catalogue_version_names'),
        RemoveIndexConcurrently(model_name='itemversion', name='catalogue_version_typos'),
    ]
