"""The written letter of a delegation, what it takes the place of, and a withdrawal on a later day."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('delegation', '0001_create_delegations'),
        ('record', '0005_raise_wall'),
    ]

    operations = [
        migrations.AddField(
            model_name='delegation',
            name='first_origin',
            field=models.CharField(blank=True, choices=[('base', '基本盘'), ('optional', '自选'), ('swap', '置换')], db_default='', default='', help_text='置换来的，写被换掉的那一份最初是基本盘还是自选；别的同来源', max_length=8, verbose_name='最初来源'),
        ),
        migrations.AddField(
            model_name='delegation',
            name='letter',
            field=models.ForeignKey(help_text='书面决定或委托书的扫描件，双方都能看', null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='record.blob', verbose_name='书面文件'),
        ),
        migrations.AddField(
            model_name='delegation',
            name='letter_name',
            field=models.CharField(blank=True, db_default='', default='', help_text='上传时的文件名', max_length=120, verbose_name='书面文件名'),
        ),
        migrations.AddField(
            model_name='delegation',
            name='replaces',
            field=models.ForeignKey(help_text='置换时被换掉的那一份，收回以后这一份才能运行', null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='delegation.delegation', verbose_name='置换哪一份'),
        ),
        migrations.AddField(
            model_name='delegation',
            name='withdraw_on',
            field=models.DateField(help_text='哪天收回；以后的日子由系统当天办', null=True, verbose_name='收回日'),
        ),
        migrations.AddField(
            model_name='delegation',
            name='withdraw_reason',
            field=models.CharField(blank=True, db_default='', default='', help_text='为什么收回', max_length=400, verbose_name='收回理由'),
        ),
    ]
