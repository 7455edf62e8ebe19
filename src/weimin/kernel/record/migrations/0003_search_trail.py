"""Indexes of the trail, made without holding up writers: for linking, and for the audit administrator's search."""

import django.contrib.postgres.indexes
import django.db.models.functions.text
from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):

    atomic = False

    dependencies = [
        ('record', '0003_chain_entries'),
    ]

    operations = [
        AddIndexConcurrently(
            model_name='auditentry',
            index=models.Index(fields=['xid', 'id'], name='record_audit_xid'),
        ),
        AddIndexConcurrently(
            model_name='auditentry',
            index=models.Index(fields=['at', 'id'], name='record_audit_at'),
        ),
        AddIndexConcurrently(
            model_name='auditentry',
            index=models.Index(fields=['verb', 'at', 'id'], name='record_audit_verb'),
        ),
        AddIndexConcurrently(
            model_name='auditentry',
            index=models.Index(fields=['actor_id', 'at', 'id'], name='record_audit_actor'),
        ),
        AddIndexConcurrently(
            model_name='auditentry',
            index=models.Index(django.contrib.postgres.indexes.OpClass(django.db.models.functions.text.Reverse('actor_name'), 'text_pattern_ops'), models.F('at'), name='record_audit_name'),
        ),
    ]
