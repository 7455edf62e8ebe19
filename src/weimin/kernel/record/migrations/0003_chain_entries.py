"""Entries carry their transaction's number; links, days and checks get their tables.

The default is not volatile, so that adding the column rewrites nothing: older entries all carry the number of
this migration's transaction and are linked in the order of their ids.
"""

import django.db.models.deletion
import django.db.models.functions.comparison
from django.db import migrations, models

FINAL = """
CREATE FUNCTION record_chain_is_final() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the links and days of the audit chain are never changed or deleted'
        USING ERRCODE = 'insufficient_privilege', CONSTRAINT = 'record_chain_final';
END
$$;
CREATE TRIGGER record_link_final BEFORE UPDATE OR DELETE OR TRUNCATE ON record_auditlink
    FOR EACH STATEMENT EXECUTE FUNCTION record_chain_is_final();
CREATE TRIGGER record_day_final BEFORE UPDATE OR DELETE OR TRUNCATE ON record_auditday
    FOR EACH STATEMENT EXECUTE FUNCTION record_chain_is_final();
"""
NOT_FINAL = """
DROP TRIGGER record_link_final ON record_auditlink;
DROP TRIGGER record_day_final ON record_auditday;
DROP FUNCTION record_chain_is_final();
"""

class Migration(migrations.Migration):

    dependencies = [
        ('record', '0001_create_record'),
    ]

    operations = [
        migrations.CreateModel(
            name='AuditCheck',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('at', models.DateTimeField(help_text='什么时候核验的', verbose_name='时间')),
                ('what', models.CharField(help_text='审计链，或者存放的文件', max_length=8, verbose_name='核验什么')),
                ('by_label', models.CharField(help_text='谁核验的：夜间任务，或者命令行', max_length=120, verbose_name='谁')),
                ('since', models.DateField(help_text='从哪一天的链开始，空表示从头', null=True, verbose_name='从哪天')),
                ('until', models.DateField(help_text='到哪一天为止，文件核验为空', null=True, verbose_name='到哪天')),
                ('looked', models.BigIntegerField(help_text='看了多少条记录或多少个文件', verbose_name='条数')),
                ('fault_kind', models.CharField(blank=True, default='', help_text='第一处不对的种类，空表示都对', max_length=16, verbose_name='哪里不对')),
                ('fault_day', models.DateField(help_text='第一处不对的在哪一天的链上', null=True, verbose_name='不对的那天')),
                ('fault_text', models.CharField(blank=True, default='', help_text='第一处不对的在哪里', max_length=200, verbose_name='说明')),
            ],
            options={
                'verbose_name': '审计核验结果',
            },
        ),
        migrations.CreateModel(
            name='AuditDay',
            fields=[
                ('day', models.DateField(help_text='哪一天（北京时间）', primary_key=True, serialize=False, verbose_name='日期')),
                ('count', models.BigIntegerField(help_text='当天入链多少条', verbose_name='条数')),
                ('previous', models.CharField(help_text='前一天的摘要，当天的链从它开始', max_length=64, verbose_name='前一天摘要')),
                ('head', models.CharField(help_text='当天最后一条的链值，没有记录就是前一天摘要', max_length=64, verbose_name='链头')),
                ('digest', models.CharField(help_text='日期、条数、前一天摘要、链头合起来的 SM3，对外公布', max_length=64, verbose_name='当天摘要')),
                ('closed_at', models.DateTimeField(help_text='当天过完以后封存的时间', verbose_name='封存时间')),
            ],
            options={
                'verbose_name': '审计日摘要',
            },
        ),
        migrations.CreateModel(
            name='AuditLink',
            fields=[
                ('entry', models.OneToOneField(db_constraint=False, help_text='哪一条审计记录', on_delete=django.db.models.deletion.DO_NOTHING, primary_key=True, related_name='link', serialize=False, to='record.auditentry', verbose_name='记录')),
                ('day', models.DateField(help_text='在哪一天（北京时间）入链', verbose_name='入链日')),
                ('place', models.BigIntegerField(help_text='当天第几条，从 1 起，中间不空', verbose_name='序号')),
                ('chain', models.CharField(help_text='上一条的链值和本条摘要连起来的 SM3', max_length=64, verbose_name='链值')),
            ],
            options={
                'verbose_name': '审计链环',
            },
        ),
        migrations.CreateModel(
            name='ChainState',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('begun_on', models.DateField(help_text='链从哪一天（北京时间）开始', verbose_name='开始日期')),
                ('day', models.DateField(help_text='还没封存、正在入链的那一天', verbose_name='当天')),
                ('place', models.BigIntegerField(help_text='当天已入链多少条', verbose_name='当天条数')),
                ('previous', models.CharField(help_text='当天的链从哪个摘要开始', max_length=64, verbose_name='前一天摘要')),
                ('head', models.CharField(help_text='最后一条的链值，当天还没有记录就是前一天摘要', max_length=64, verbose_name='链头')),
                ('settled_xid', models.BigIntegerField(help_text='到哪个数据库事务为止都已入链', verbose_name='事务号')),
                ('settled_id', models.BigIntegerField(help_text='那个事务里到哪一条为止都已入链', verbose_name='记录号')),
                ('system', models.CharField(help_text='哪一套数据库，恢复到另一套时事务号会重新计', max_length=32, verbose_name='数据库标识')),
            ],
            options={
                'verbose_name': '审计链状态',
            },
        ),
        migrations.AddField(
            model_name='auditentry',
            name='xid',
            field=models.BigIntegerField(db_default=django.db.models.functions.comparison.Cast(django.db.models.functions.comparison.Cast(models.Func(function='pg_current_xact_id', output_field=models.TextField()), models.TextField()), models.BigIntegerField()), help_text='写入本条的数据库事务的编号，由数据库填写，入链按它排序', verbose_name='事务号'),
        ),
        migrations.AddIndex(
            model_name='auditcheck',
            index=models.Index(fields=['what', '-at'], name='record_check_at'),
        ),
        migrations.AddConstraint(
            model_name='auditlink',
            constraint=models.UniqueConstraint(fields=('day', 'place'), name='record_link_place'),
        ),
        migrations.RunSQL(FINAL, NOT_FINAL),
    ]
