"""A matter keeps the delegation under which it started."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('cases', '0008_keep_local_promise'),
    ]

    operations = [
        migrations.AddField('case', 'delegation', models.CharField(blank=True, db_default='', default='', help_text='提交时按哪一份赋权或委托由乡镇决定', max_length=40, verbose_name='授权编号')),
        migrations.AddField('case', 'authority', models.JSONField(help_text='提交时由谁决定、以谁的名义、按哪一份赋权或委托；和赋权无关的为空', null=True, verbose_name='决定权')),
        migrations.AddIndex('case', models.Index(condition=models.Q(('delegation', ''), _negated=True), fields=['delegation', '-submitted_at'], name='cases_case_delegation')),
    ]
