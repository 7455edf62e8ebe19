"""Which version of a guide hangs where: prints by version and body, without a person."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('catalogue', '0005_keep_drift_reports'),
        ('directory', '0003_separate_administrators'),
    ]

    operations = [
        migrations.CreateModel(
            name='GuidePrint',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('prints', models.PositiveIntegerField(default=1, help_text='印过几次', verbose_name='次数')),
                ('first_on', models.DateField(help_text='第一次是哪一天印的', verbose_name='第一次')),
                ('last_on', models.DateField(help_text='最近一次是哪一天印的', verbose_name='最近')),
                ('agency', models.ForeignKey(help_text='哪个机构印的', on_delete=django.db.models.deletion.PROTECT, related_name='+', to='directory.agency', verbose_name='机构')),
                ('version', models.ForeignKey(help_text='印的是哪一版', on_delete=django.db.models.deletion.PROTECT, related_name='prints', to='catalogue.itemversion', verbose_name='版本')),
            ],
            options={
                'verbose_name': '纸质指南',
                'constraints': [models.UniqueConstraint(fields=('version', 'agency'), name='catalogue_print_once')],
            },
        ),
    ]
