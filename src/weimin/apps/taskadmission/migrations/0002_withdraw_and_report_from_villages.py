"""Bodies take tasks and matters back, villages report too, and opinions carry files."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('catalogue', '0004_count_missed_questions'),
        ('deadlines', '0006_name_tasks_purposes'),
        ('directory', '0004_know_what_lies_in_a_place'),
        ('record', '0005_raise_wall'),
        ('taskadmission', '0001_create_taskadmission'),
    ]

    operations = [
        migrations.CreateModel(
            name='OpinionFile',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(help_text='上传时的文件名', max_length=120, verbose_name='文件名')),
            ],
            options={
                'verbose_name': '意见附件',
            },
        ),
        migrations.RemoveConstraint(
            model_name='task',
            name='taskadmission_task_decided',
        ),
        migrations.AddField(
            model_name='matter',
            name='withdrawal',
            field=models.CharField(blank=True, db_default='', default='', help_text='为什么撤回', max_length=1000, verbose_name='撤回理由'),
        ),
        migrations.AddField(
            model_name='matter',
            name='withdrawn_at',
            field=models.DateTimeField(help_text='部门什么时候撤回的', null=True, verbose_name='撤回时间'),
        ),
        migrations.AddField(
            model_name='matter',
            name='withdrawn_by',
            field=models.CharField(blank=True, db_default='', default='', help_text='部门的谁撤回的', max_length=120, verbose_name='撤回人'),
        ),
        migrations.AddField(
            model_name='report',
            name='place',
            field=models.ForeignKey(null=True, help_text='乡镇或村', on_delete=django.db.models.deletion.PROTECT, related_name='+', to='directory.division', verbose_name='反映的地方'),
        ),
        # before, only townships reported
        migrations.RunSQL('UPDATE taskadmission_report SET place_id = township_id', migrations.RunSQL.noop),
        migrations.RunSQL('SET CONSTRAINTS ALL IMMEDIATE', migrations.RunSQL.noop),
        migrations.AlterField(
            model_name='report',
            name='place',
            field=models.ForeignKey(help_text='乡镇或村', on_delete=django.db.models.deletion.PROTECT, related_name='+', to='directory.division', verbose_name='反映的地方'),
        ),
        migrations.AddField(
            model_name='task',
            name='withdrawal',
            field=models.CharField(blank=True, db_default='', default='', help_text='为什么撤回', max_length=1000, verbose_name='撤回理由'),
        ),
        migrations.AddField(
            model_name='task',
            name='withdrawn_at',
            field=models.DateTimeField(help_text='部门什么时候撤回的', null=True, verbose_name='撤回时间'),
        ),
        migrations.AddField(
            model_name='task',
            name='withdrawn_by',
            field=models.CharField(blank=True, db_default='', default='', help_text='部门的谁撤回的', max_length=120, verbose_name='撤回人'),
        ),
        migrations.AlterField(
            model_name='attempt',
            name='outcome',
            field=models.CharField(choices=[('incomplete', '要件不全，退回补全'), ('repeated', '同样的任务已经提过，退回'), ('barred', '法律、文件不许这样下达'), ('admitted', '在清单上，当场准入'), ('asked', '不在清单上，转准入办审核')], help_text='关口怎么答复的', max_length=10, verbose_name='结果'),
        ),
        migrations.AlterField(
            model_name='matter',
            name='state',
            field=models.CharField(choices=[('open', '征求意见和答复中'), ('passed', '已通过'), ('withdrawn', '部门已撤回')], default='open', help_text='到哪一步', max_length=10, verbose_name='状态'),
        ),
        migrations.AlterField(
            model_name='report',
            name='township',
            field=models.ForeignKey(help_text='哪个乡镇的事', on_delete=django.db.models.deletion.PROTECT, related_name='+', to='directory.division', verbose_name='乡镇'),
        ),
        migrations.AlterField(
            model_name='task',
            name='state',
            field=models.CharField(choices=[('asked', '等准入办审核'), ('admitted', '已准入'), ('refused', '不予准入'), ('withdrawn', '部门已撤回')], help_text='准入到哪一步', max_length=10, verbose_name='状态'),
        ),
        migrations.AddConstraint(
            model_name='task',
            constraint=models.CheckConstraint(condition=models.Q(('state', 'withdrawn'), models.Q(('decided_at', None), ('state', 'asked')), models.Q(models.Q(('state', 'asked'), _negated=True), ('decided_at__isnull', False)), _connector='OR'), name='taskadmission_task_decided'),
        ),
        migrations.AddConstraint(
            model_name='task',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('state', 'withdrawn'), ('withdrawn_at__isnull', False)), models.Q(models.Q(('state', 'withdrawn'), _negated=True), ('withdrawn_at', None)), _connector='OR'), name='taskadmission_task_withdrawn'),
        ),
        migrations.AddField(
            model_name='opinionfile',
            name='blob',
            field=models.ForeignKey(help_text='文件内容', on_delete=django.db.models.deletion.PROTECT, related_name='+', to='record.blob', verbose_name='内容'),
        ),
        migrations.AddField(
            model_name='opinionfile',
            name='opinion',
            field=models.ForeignKey(help_text='哪份意见的附件', on_delete=django.db.models.deletion.PROTECT, related_name='files', to='taskadmission.opinion', verbose_name='意见'),
        ),
    ]
