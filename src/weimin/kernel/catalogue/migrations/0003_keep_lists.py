"""One model for every list: rows, versions on their way, periods that cannot overlap, offers with local contents."""

import django.contrib.postgres.constraints
import django.contrib.postgres.fields
import django.contrib.postgres.fields.ranges
import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('catalogue', '0002_remember_loaded_items'),
        ('directory', '0002_office_hours'),
        ('procedures', '0002_freeze_published'),
    ]

    operations = [
        migrations.CreateModel(
            name='ListImport',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('list_code', models.CharField(help_text='导入哪张清单', max_length=16, verbose_name='清单')),
                ('blob_id', models.BigIntegerField(help_text='存放的表格文件', verbose_name='文件')),
                ('file_name', models.CharField(help_text='上传时的文件名', max_length=120, verbose_name='文件名')),
                ('trigger', models.CharField(choices=[('law_made', '法律法规规章制定'), ('law_changed', '法律法规规章修改'), ('law_ended', '法律法规规章废止'), ('body_changed', '机构或职能调整'), ('empowered', '赋权、委托或承接'), ('withdrawn', '收回'), ('finding', '法院判决、复议决定或检查发现'), ('remark', '群众建议'), ('review', '定期评估'), ('mistake', '更正差错'), ('loaded', '从文件装入')], help_text='为什么要动', max_length=16, verbose_name='起因')),
                ('reason', models.CharField(help_text='为什么这样改，公开给人看', max_length=500, verbose_name='理由')),
                ('valid_from', models.DateField(help_text='打算从哪一天起现行', verbose_name='生效日')),
                ('at', models.DateTimeField(help_text='什么时候上传的', verbose_name='时间')),
                ('by_label', models.CharField(help_text='单位和姓名', max_length=120, verbose_name='谁')),
                ('account_id', models.BigIntegerField(help_text='谁上传的', null=True, verbose_name='账号')),
                ('state', models.CharField(choices=[('queued', '排队中'), ('reading', '正在核对'), ('broken', '有错，没有导入'), ('drafts', '已成草稿'), ('on_way', '正在审核'), ('refused', '未通过'), ('done', '已完成')], default='queued', help_text='办到哪里了', max_length=8, verbose_name='状态')),
                ('total', models.PositiveIntegerField(default=0, help_text='表格里有多少行', verbose_name='总行数')),
                ('done', models.PositiveIntegerField(default=0, help_text='已经核对多少行', verbose_name='已核对')),
                ('made', models.PositiveIntegerField(default=0, help_text='有变化、成了草稿的行数', verbose_name='草稿数')),
                ('unchanged', models.PositiveIntegerField(default=0, help_text='和现行一样、没有动的行数', verbose_name='没有变化')),
                ('fault_count', models.PositiveIntegerField(default=0, help_text='一共有几处错', verbose_name='错误数')),
                ('faults', models.JSONField(default=list, help_text='每处错的工作表、行号、标题和说明，最多 500 处', verbose_name='错误')),
            ],
            options={
                'verbose_name': '清单表格导入',
            },
        ),
        migrations.CreateModel(
            name='Proposal',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('list_code', models.CharField(help_text='要改哪张清单', max_length=16, verbose_name='清单')),
                ('trigger', models.CharField(choices=[('law_made', '法律法规规章制定'), ('law_changed', '法律法规规章修改'), ('law_ended', '法律法规规章废止'), ('body_changed', '机构或职能调整'), ('empowered', '赋权、委托或承接'), ('withdrawn', '收回'), ('finding', '法院判决、复议决定或检查发现'), ('remark', '群众建议'), ('review', '定期评估'), ('mistake', '更正差错'), ('loaded', '从文件装入')], help_text='为什么要动', max_length=16, verbose_name='起因')),
                ('text', models.CharField(help_text='建议改什么、为什么', max_length=1000, verbose_name='建议')),
                ('at', models.DateTimeField(help_text='什么时候提出的', verbose_name='时间')),
                ('by_label', models.CharField(help_text='单位和姓名；群众只写“群众”', max_length=120, verbose_name='谁')),
                ('account_id', models.BigIntegerField(help_text='提出人的账号，用来把答复送给他', null=True, verbose_name='账号')),
                ('due_on', models.DateField(help_text='最迟哪天答复', null=True, verbose_name='答复期限')),
                ('clock_id', models.BigIntegerField(help_text='答复的时钟', null=True, verbose_name='时钟')),
                ('state', models.CharField(choices=[('open', '待答复'), ('taken', '已采纳'), ('refused', '未采纳')], default='open', help_text='是否采纳', max_length=8, verbose_name='状态')),
                ('answer', models.CharField(blank=True, default='', help_text='采纳与否和理由', max_length=1000, verbose_name='答复')),
                ('answered_at', models.DateTimeField(help_text='什么时候答复的', null=True, verbose_name='答复时间')),
            ],
            options={
                'verbose_name': '清单调整建议',
            },
        ),
        migrations.CreateModel(
            name='VersionStep',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('stage', models.CharField(choices=[('draft', '起草'), ('lead', '牵头部门审核'), ('legal', '合法性审核'), ('approve', '批准'), ('publish', '公布')], help_text='在哪个环节', max_length=10, verbose_name='环节')),
                ('outcome', models.CharField(choices=[('done', '完成'), ('passed', '通过'), ('returned', '退回修改'), ('refused', '不同意')], help_text='这个环节的结果', max_length=8, verbose_name='结果')),
                ('opinion', models.CharField(blank=True, default='', help_text='审的人写的意见', max_length=500, verbose_name='意见')),
                ('at', models.DateTimeField(help_text='什么时候', verbose_name='时间')),
                ('by_label', models.CharField(help_text='单位和姓名', max_length=120, verbose_name='谁')),
                ('account_id', models.BigIntegerField(help_text='哪个账号；同一个人不能连办两个环节', null=True, verbose_name='账号')),
            ],
            options={
                'verbose_name': '清单审核记录',
            },
        ),
        migrations.AlterModelOptions(
            name='item',
            options={'verbose_name': '清单事项'},
        ),
        migrations.RemoveConstraint(
            model_name='itemversion',
            name='catalogue_version_period',
        ),
        migrations.AddField(
            model_name='item',
            name='list_code',
            field=models.CharField(default='service', help_text='属于哪张清单：公共服务、权力、责任、村居履职等', max_length=16, verbose_name='清单'),
        ),
        migrations.AddField(
            model_name='itemversion',
            name='digest',
            field=models.CharField(blank=True, default='', help_text='全部内容的 SM3 摘要，比对各乡镇的清单用', max_length=64, verbose_name='内容摘要'),
        ),
        migrations.AddField(
            model_name='itemversion',
            name='drafted_by',
            field=models.BigIntegerField(help_text='谁起草的；起草人不能审自己的稿', null=True, verbose_name='起草账号'),
        ),
        migrations.AddField(
            model_name='itemversion',
            name='effect',
            field=models.CharField(choices=[('set', '新增或修改'), ('end', '取消')], default='set', help_text='这一版是写新内容，还是把这一行从清单取消', max_length=4, verbose_name='变动'),
        ),
        migrations.AddField(
            model_name='itemversion',
            name='published_at',
            field=models.DateTimeField(help_text='什么时候对外公布的，没有公布为空', null=True, verbose_name='公布时间'),
        ),
        migrations.AddField(
            model_name='itemversion',
            name='reason',
            field=models.CharField(blank=True, default='', help_text='为什么这样改，公开给人看', max_length=500, verbose_name='理由'),
        ),
        migrations.AddField(
            model_name='itemversion',
            name='revision',
            field=models.PositiveIntegerField(default=0, help_text='草稿每保存一次加 1，防止两人互相覆盖', verbose_name='修改次数'),
        ),
        migrations.AddField(
            model_name='itemversion',
            name='trigger',
            field=models.CharField(choices=[('law_made', '法律法规规章制定'), ('law_changed', '法律法规规章修改'), ('law_ended', '法律法规规章废止'), ('body_changed', '机构或职能调整'), ('empowered', '赋权、委托或承接'), ('withdrawn', '收回'), ('finding', '法院判决、复议决定或检查发现'), ('remark', '群众建议'), ('review', '定期评估'), ('mistake', '更正差错'), ('loaded', '从文件装入')], default='loaded', help_text='为什么要动：法律变了、机构变了等', max_length=16, verbose_name='起因'),
        ),
        migrations.AddField(
            model_name='offer',
            name='approved_by',
            field=models.CharField(blank=True, default='', help_text='谁批准本地内容的，没有改动为空', max_length=120, verbose_name='批准人'),
        ),
        migrations.AddField(
            model_name='offer',
            name='copy',
            field=models.JSONField(help_text='乡镇自己公布的这一事项全文，用来和清单比对；没有另外公布为空', null=True, verbose_name='乡镇清单'),
        ),
        migrations.AddField(
            model_name='offer',
            name='copy_at',
            field=models.DateTimeField(help_text='什么时候收到乡镇清单的', null=True, verbose_name='乡镇清单时间'),
        ),
        migrations.AddField(
            model_name='offer',
            name='copy_digest',
            field=models.CharField(blank=True, default='', help_text='乡镇清单的 SM3 摘要，空表示没有另外公布', max_length=64, verbose_name='乡镇清单摘要'),
        ),
        migrations.AddField(
            model_name='offer',
            name='local',
            field=models.JSONField(blank=True, default=dict, help_text='只能改地点、时间、电话、窗口和更短的承诺时限，其余跟清单走', verbose_name='本地内容'),
        ),
        migrations.AddField(
            model_name='offer',
            name='reason',
            field=models.CharField(blank=True, default='', help_text='为什么要改本地内容', max_length=200, verbose_name='理由'),
        ),
        migrations.AlterField(
            model_name='itemversion',
            name='applied',
            field=models.BooleanField(default=False, help_text='是否由群众申请启动', verbose_name='依申请'),
        ),
        migrations.AlterField(
            model_name='itemversion',
            name='area',
            field=models.CharField(blank=True, default='', help_text='指导目录的领域代码 A1–A9', max_length=4, verbose_name='服务领域'),
        ),
        migrations.AlterField(
            model_name='itemversion',
            name='audience',
            field=django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=2), blank=True, default=list, help_text='服务对象代码，GB/T 39046 表 A.4', size=None),
        ),
        migrations.AlterField(
            model_name='itemversion',
            name='decision_level',
            field=models.CharField(blank=True, default='', help_text='由村、乡镇还是县里决定', max_length=24, verbose_name='决定层级'),
        ),
        migrations.AlterField(
            model_name='itemversion',
            name='doc',
            field=models.JSONField(help_text='这一行的全部内容，按清单格式', verbose_name='事项要素'),
        ),
        migrations.AlterField(
            model_name='itemversion',
            name='lead_key',
            field=models.CharField(blank=True, default='', help_text='牵头部门今天的名称', max_length=40, verbose_name='牵头部门'),
        ),
        migrations.AlterField(
            model_name='itemversion',
            name='life_events',
            field=django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=20), blank=True, default=list, help_text='人生事件代码', size=None),
        ),
        migrations.AlterField(
            model_name='itemversion',
            name='limit_text',
            field=models.CharField(blank=True, default='', help_text='列表上显示的承诺时限', max_length=40, verbose_name='承诺时限'),
        ),
        migrations.AlterField(
            model_name='itemversion',
            name='names',
            field=django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=60), blank=True, default=list, help_text='名称和群众叫法，搜索用', size=None),
        ),
        migrations.AlterField(
            model_name='itemversion',
            name='online',
            field=models.BooleanField(default=False, help_text='能否全程网上办理', verbose_name='能网上办'),
        ),
        migrations.AlterField(
            model_name='itemversion',
            name='plain',
            field=models.CharField(blank=True, default='', help_text='一句大白话说明这件事', max_length=300, verbose_name='通俗说明'),
        ),
        migrations.AlterField(
            model_name='itemversion',
            name='publication_class',
            field=models.CharField(blank=True, default='', help_text='public 公开、village 村内公示结果、never 不公开', max_length=10, verbose_name='公开类别'),
        ),
        migrations.AlterField(
            model_name='itemversion',
            name='search_text',
            field=models.TextField(blank=True, default='', help_text='名称和叫法连成一行，找错别字用', verbose_name='搜索文本'),
        ),
        migrations.AlterField(
            model_name='itemversion',
            name='status',
            field=models.CharField(choices=[('draft', '草稿'), ('lead', '牵头部门审核'), ('legal', '合法性审核'), ('approve', '待批准'), ('approved', '待公布'), ('waiting', '待生效'), ('in_force', '现行'), ('ended', '已停用'), ('refused', '未通过')], help_text='草稿、审核各环节、待生效、现行、已停用或未通过', max_length=10, verbose_name='状态'),
        ),
        migrations.AlterField(
            model_name='itemversion',
            name='type_code',
            field=models.CharField(blank=True, default='', help_text='GB/T 39046 表 A.1 的代码', max_length=2, verbose_name='事项类型'),
        ),
        migrations.AlterField(
            model_name='itemversion',
            name='valid_from',
            field=models.DateField(help_text='从这一天起现行；草稿写打算哪天', verbose_name='生效日'),
        ),
        migrations.AddIndex(
            model_name='item',
            index=models.Index(fields=['list_code', 'code'], name='catalogue_item_list'),
        ),
        migrations.AddConstraint(
            model_name='offer',
            constraint=django.contrib.postgres.constraints.ExclusionConstraint(expressions=[('item', '='), ('township', '='), (models.Func('valid_from', 'valid_until', function='daterange', output_field=django.contrib.postgres.fields.ranges.DateRangeField()), '&&')], name='catalogue_offer_period'),
        ),
        migrations.AddIndex(
            model_name='listimport',
            index=models.Index(condition=models.Q(('state__in', ['queued', 'reading'])), fields=['id'], name='catalogue_import_waiting'),
        ),
        migrations.AddField(
            model_name='itemversion',
            name='batch',
            field=models.ForeignKey(help_text='随哪次表格导入来的，一起审核', null=True, on_delete=django.db.models.deletion.PROTECT, related_name='versions', to='catalogue.listimport', verbose_name='表格导入'),
        ),
        # versions replaced on their first day were left without an end
        migrations.RunSQL(
            "UPDATE catalogue_itemversion SET valid_until = valid_from WHERE status = 'ended' AND valid_until IS NULL",
            migrations.RunSQL.noop,
        ),
        migrations.AddConstraint(
            model_name='itemversion',
            constraint=models.UniqueConstraint(condition=models.Q(('status__in', ['draft', 'lead', 'legal', 'approve', 'approved'])), fields=('item',), name='catalogue_one_in_process'),
        ),
        migrations.AddConstraint(
            model_name='itemversion',
            constraint=models.CheckConstraint(condition=models.Q(('valid_until', None), ('valid_until__gte', models.F('valid_from')), _connector='OR'), name='catalogue_version_period'),
        ),
        migrations.AddConstraint(
            model_name='itemversion',
            constraint=django.contrib.postgres.constraints.ExclusionConstraint(condition=models.Q(('effect', 'set'), ('status__in', ['ended', 'in_force', 'waiting'])), expressions=[('item', '='), (models.Func('valid_from', 'valid_until', function='daterange', output_field=django.contrib.postgres.fields.ranges.DateRangeField()), '&&')], name='catalogue_version_once'),
        ),
        migrations.AddField(
            model_name='proposal',
            name='item',
            field=models.ForeignKey(help_text='要改哪一行，新增为空', null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='catalogue.item', verbose_name='事项'),
        ),
        migrations.AddField(
            model_name='proposal',
            name='version',
            field=models.ForeignKey(help_text='采纳以后起草的那一版', null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='catalogue.itemversion', verbose_name='版本'),
        ),
        migrations.AddField(
            model_name='versionstep',
            name='version',
            field=models.ForeignKey(help_text='哪一版', on_delete=django.db.models.deletion.CASCADE, related_name='steps', to='catalogue.itemversion', verbose_name='版本'),
        ),
        migrations.AddIndex(
            model_name='proposal',
            index=models.Index(fields=['state', 'at'], name='catalogue_proposal_open'),
        ),
        migrations.AddIndex(
            model_name='versionstep',
            index=models.Index(fields=['version', 'at'], name='catalogue_step_version'),
        ),
    ]
