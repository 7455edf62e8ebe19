"""Reports of where townships differ from the list are kept: one row a comparison, one a finding."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('catalogue', '0004_count_missed_questions'),
        ('directory', '0003_separate_administrators'),
    ]

    operations = [
        migrations.CreateModel(
            name='DriftRun',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('on', models.DateField(help_text='哪一天的情况', verbose_name='哪一天')),
                ('at', models.DateTimeField(help_text='什么时候要求核对的', verbose_name='时间')),
                ('by_label', models.CharField(help_text='谁要求核对的；每天夜里是系统', max_length=120, verbose_name='谁')),
                ('state', models.CharField(choices=[('queued', '排队中'), ('counting', '正在核对'), ('done', '核对完了')], default='queued', help_text='办到哪里了', max_length=8, verbose_name='状态')),
                ('total', models.PositiveIntegerField(default=0, help_text='要核对多少个乡镇（街道）', verbose_name='乡镇数')),
                ('done', models.PositiveIntegerField(default=0, help_text='核对到第几个乡镇（街道）', verbose_name='已核对')),
                ('offers', models.PositiveIntegerField(default=0, help_text='一共核对了多少个乡镇事项', verbose_name='进驻事项数')),
                ('forbidden', models.PositiveIntegerField(default=0, help_text='这一天有几处不允许的差异', verbose_name='不允许的差异')),
                ('allowed', models.PositiveIntegerField(default=0, help_text='这一天有几处允许的本地内容', verbose_name='允许的差异')),
                ('fresh', models.PositiveIntegerField(default=0, help_text='比上一次多了几处', verbose_name='新出现')),
                ('gone', models.PositiveIntegerField(default=0, help_text='比上一次少了几处', verbose_name='已改好')),
                ('finished_at', models.DateTimeField(help_text='什么时候核对完的', null=True, verbose_name='完成时间')),
            ],
            options={
                'verbose_name': '清单核对',
                'indexes': [models.Index(fields=['-on', '-id'], name='catalogue_drift_run_on')],
                'constraints': [models.UniqueConstraint(models.Value(1), condition=models.Q(('state__in', ['queued', 'counting'])), name='catalogue_one_drift_run')],
            },
        ),
        migrations.CreateModel(
            name='DriftFinding',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('digest', models.CharField(help_text='乡镇、事项、哪里不同、怎么不同的 SM3 摘要', max_length=64, verbose_name='摘要')),
                ('item_code', models.CharField(help_text='哪个事项', max_length=40, verbose_name='事项代码')),
                ('item_name', models.CharField(help_text='事项当时的名称', max_length=120, verbose_name='事项名称')),
                ('what', models.CharField(help_text='哪里和清单不同', max_length=300, verbose_name='哪里不同')),
                ('base', models.CharField(blank=True, help_text='清单怎么写', max_length=1000, verbose_name='清单')),
                ('theirs', models.CharField(blank=True, help_text='乡镇怎么写', max_length=1000, verbose_name='乡镇')),
                ('since', models.DateField(help_text='乡镇从哪一天起这样写；不知道的是第一次发现的那天', verbose_name='从哪天起')),
                ('approved_by', models.CharField(blank=True, help_text='谁批准的，没有人批准为空', max_length=120, verbose_name='谁批准')),
                ('allowed', models.BooleanField(help_text='是不是允许的本地内容', verbose_name='允许')),
                ('first_on', models.DateField(help_text='哪一天的报告第一次有它', verbose_name='第一次发现')),
                ('gone_on', models.DateField(help_text='哪一天的报告不再有它，空表示还有', null=True, verbose_name='不再有')),
                ('township', models.ForeignKey(help_text='哪个乡镇（街道）', on_delete=django.db.models.deletion.PROTECT, related_name='+', to='directory.division', verbose_name='乡镇')),
            ],
            options={
                'verbose_name': '和清单的差异',
                'indexes': [models.Index(fields=['first_on', 'gone_on'], name='catalogue_drift_day')],
                'constraints': [models.UniqueConstraint(condition=models.Q(('gone_on', None)), fields=('digest',), name='catalogue_drift_once')],
            },
        ),
    ]
