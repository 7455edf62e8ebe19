"""Search looks through what is in force only, so that it does not slow down as rows gather history."""

import django.contrib.postgres.indexes
from django.contrib.postgres.operations import AddIndexConcurrently, RemoveIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):

    atomic = False

    dependencies = [
        ('catalogue', '0005_keep_drift_reports'),
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
        RemoveIndexConcurrently(model_name='itemversion', name='catalogue_version_search'),
        RemoveIndexConcurrently(model_name='itemversion', name='catalogue_version_names'),
        RemoveIndexConcurrently(model_name='itemversion', name='catalogue_version_typos'),
    ]
