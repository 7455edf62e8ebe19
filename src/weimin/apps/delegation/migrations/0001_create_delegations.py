"""Delegations with their matters, steps and evaluations."""

import django.contrib.postgres.constraints
import django.contrib.postgres.fields
import django.contrib.postgres.fields.ranges
import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('directory', '0002_office_hours'),
    ]

    operations = [
        migrations.CreateModel(
            name='Delegation',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('number', models.CharField(help_text='乡镇代码、年份和流水号，印在决定书上', max_length=40, unique=True, verbose_name='编号')),
                ('kind', models.CharField(choices=[('empower', '赋权'), ('entrust', '委托'), ('statutory', '法定')], help_text='赋权、委托或法定', max_length=10, verbose_name='方式')),
                ('list_kind', models.CharField(choices=[('permit', '审批事项清单'), ('enforce', '行政执法事项清单'), ('assist', '配合事项清单')], help_text='列入三清单的哪一张', max_length=8, verbose_name='清单')),
                ('origin', models.CharField(choices=[('base', '基本盘'), ('optional', '自选'), ('swap', '置换')], default='base', help_text='基本盘、自选或置换', max_length=8, verbose_name='来源')),
                ('focus', models.CharField(help_text='八个重点领域之一的代码', max_length=16, verbose_name='重点领域')),
                ('state', models.CharField(choices=[('proposed', '拟赋'), ('assessed', '评估通过'), ('decided', '已决定公布'), ('signed', '已签确认书'), ('trial', '试运行'), ('full', '正式运行'), ('refused', '不赋予'), ('withdrawn', '已收回')], default='proposed', help_text='办到哪一步', max_length=10, verbose_name='状态')),
                ('recipient', models.CharField(choices=[('government', '乡镇人民政府（街道办事处）'), ('organisation', '依法成立、管理公共事务的组织'), ('committee', '村（居）民委员会'), ('person', '个人')], help_text='哪一类主体承接', max_length=12, verbose_name='承接主体')),
                ('issuer_name', models.CharField(help_text='谁决定赋权，谁委托', max_length=80, verbose_name='决定机关')),
                ('issuer_level', models.CharField(choices=[('province', '省级'), ('city', '市级'), ('county', '县级')], help_text='赋权必须是省级', max_length=10, verbose_name='决定机关层级')),
                ('document', models.CharField(blank=True, default='', help_text='书面决定或委托书的文号', max_length=80, verbose_name='文号')),
                ('limits', models.CharField(blank=True, default='', help_text='到什么范围、什么金额', max_length=400, verbose_name='权限')),
                ('basis', models.CharField(blank=True, default='', help_text='法律、法规、规章和条款', max_length=400, verbose_name='依据')),
                ('powers', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=20), help_text='交出的权力种类代码', size=None)),
                ('valid_from', models.DateField(help_text='从这一天起有效', verbose_name='起')),
                ('valid_until', models.DateField(help_text='到这一天为止（不含），空表示没有写明', null=True, verbose_name='止')),
                ('readiness', models.JSONField(blank=True, default=dict, help_text='执法证号和有效期、法制审核、设备、培训、印章的证据', verbose_name='承接条件')),
                ('published_by_issuer', models.CharField(blank=True, default='', help_text='在哪里公布的', max_length=200, verbose_name='决定机关公布')),
                ('published_by_recipient', models.CharField(blank=True, default='', help_text='在哪里公布的', max_length=200, verbose_name='承接机关公布')),
                ('signed_by_township', models.CharField(blank=True, default='', help_text='乡镇领导签确认书', max_length=120, verbose_name='乡镇签字')),
                ('signed_by_department', models.CharField(blank=True, default='', help_text='县级部门签确认书', max_length=120, verbose_name='部门签字')),
                ('evaluate_on', models.DateField(help_text='最迟哪天评估', null=True, verbose_name='下次评估')),
                ('clock_id', models.BigIntegerField(help_text='评估期限的时钟', null=True, verbose_name='评估时钟')),
                ('open_matters', models.CharField(blank=True, choices=[('finish', '由乡镇（街道）办完'), ('hand_up', '交县级主管部门决定')], default='', help_text='收回时在办件怎么办', max_length=8, verbose_name='在办件')),
                ('department', models.ForeignKey(help_text='原来由谁行使、签确认书的部门', on_delete=django.db.models.deletion.PROTECT, related_name='+', to='directory.agency', verbose_name='县级主管部门')),
                ('township', models.ForeignKey(help_text='交给哪个乡镇（街道）', on_delete=django.db.models.deletion.PROTECT, related_name='+', to='directory.division', verbose_name='乡镇')),
            ],
            options={
                'verbose_name': '赋权委托',
            },
        ),
        migrations.CreateModel(
            name='DelegationMatter',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('item_code', models.CharField(help_text='清单上现行的一行', max_length=40, verbose_name='事项代码')),
                ('item_name', models.CharField(help_text='提出时的名称', max_length=120, verbose_name='事项名称')),
                ('valid_from', models.DateField(help_text='从这一天起有效', verbose_name='起')),
                ('valid_until', models.DateField(help_text='到这一天为止（不含）', null=True, verbose_name='止')),
                ('decided', models.BooleanField(default=False, help_text='决定公布以后占住这段时间', verbose_name='已决定')),
                ('delegation', models.ForeignKey(help_text='按哪一份', on_delete=django.db.models.deletion.CASCADE, related_name='matters', to='delegation.delegation', verbose_name='赋权委托')),
                ('township', models.ForeignKey(help_text='同赋权委托', on_delete=django.db.models.deletion.PROTECT, related_name='+', to='directory.division', verbose_name='乡镇')),
            ],
            options={
                'verbose_name': '赋权委托事项',
            },
        ),
        migrations.CreateModel(
            name='DelegationStep',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('what', models.CharField(help_text='提出、评估、决定、签字等', max_length=40, verbose_name='做了什么')),
                ('note', models.CharField(blank=True, default='', help_text='理由、结果', max_length=500, verbose_name='说明')),
                ('at', models.DateTimeField(help_text='什么时候', verbose_name='时间')),
                ('by_label', models.CharField(help_text='单位和姓名', max_length=120, verbose_name='谁')),
                ('delegation', models.ForeignKey(help_text='哪一份', on_delete=django.db.models.deletion.CASCADE, related_name='steps', to='delegation.delegation', verbose_name='赋权委托')),
            ],
            options={
                'verbose_name': '赋权委托经过',
            },
        ),
        migrations.CreateModel(
            name='Evaluation',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('due_on', models.DateField(help_text='最迟哪天评估', verbose_name='应评估日')),
                ('done_on', models.DateField(help_text='哪天评估的', verbose_name='评估日')),
                ('result', models.CharField(choices=[('continue', '继续'), ('full', '转为正式运行'), ('adjust', '调整权限')], help_text='继续、转正或调整', max_length=8, verbose_name='结果')),
                ('text', models.CharField(help_text='用得怎么样，有什么问题', max_length=500, verbose_name='评估意见')),
                ('delegation', models.ForeignKey(help_text='哪一份', on_delete=django.db.models.deletion.CASCADE, related_name='evaluations', to='delegation.delegation', verbose_name='赋权委托')),
            ],
            options={
                'verbose_name': '赋权委托评估',
            },
        ),
        migrations.AddIndex(
            model_name='delegation',
            index=models.Index(fields=['township', 'state'], name='delegation_township'),
        ),
        migrations.AddConstraint(
            model_name='delegation',
            constraint=models.CheckConstraint(condition=models.Q(('valid_until', None), ('valid_until__gte', models.F('valid_from')), _connector='OR'), name='delegation_period'),
        ),
        migrations.AddConstraint(
            model_name='delegationmatter',
            constraint=models.UniqueConstraint(fields=('delegation', 'item_code'), name='delegation_matter_once'),
        ),
        migrations.AddConstraint(
            model_name='delegationmatter',
            constraint=django.contrib.postgres.constraints.ExclusionConstraint(condition=models.Q(('decided', True)), expressions=[('item_code', '='), ('township', '='), (models.Func('valid_from', 'valid_until', function='daterange', output_field=django.contrib.postgres.fields.ranges.DateRangeField()), '&&')], name='delegation_matter_apart'),
        ),
        migrations.AddIndex(
            model_name='delegationstep',
            index=models.Index(fields=['delegation', 'at'], name='delegation_step_order'),
        ),
    ]
