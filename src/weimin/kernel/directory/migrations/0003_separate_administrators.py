"""System, security and audit administrator: roles that nobody holds together, nor with any other at one time.

Who breaks that already is named, all at once, before anything is changed: end one of the posts and migrate again.
The trigger locks the officer, so that two appointments at one moment wait for each other.
"""

import django.db.models.deletion
from django.db import migrations, models

CHECK = """
DO $$
DECLARE
  told text;
BEGIN
  SELECT string_agg(line, '；' ORDER BY line) INTO told FROM (
    SELECT format('%s（人员编号 %s）：%s', o.name, o.id, string_agg(format('岗位 %s %s %s 至 %s', p.id,
      array_to_string(p.roles, '、'), p.valid_from, coalesce(p.valid_until::text, '今')), '，' ORDER BY p.id)) AS line
    FROM directory_officer o JOIN directory_post p ON p.officer_id = o.id
    WHERE EXISTS (
      SELECT FROM directory_post a JOIN directory_post b ON b.officer_id = a.officer_id
        AND daterange(a.valid_from, a.valid_until) && daterange(b.valid_from, b.valid_until)
      WHERE a.officer_id = o.id AND a.roles && ARRAY['system_admin', 'security_admin', 'audit_admin']::varchar[]
        AND (cardinality(a.roles) > 1 OR NOT a.roles @> b.roles)
    )
    GROUP BY o.id, o.name
  ) AS broken;
  IF told IS NOT NULL THEN
    RAISE EXCEPTION '这些人员同时担任管理员和别的岗位，请先结束其中的岗位再升级：%', told
      USING ERRCODE = 'check_violation', CONSTRAINT = 'directory_administrator_alone';
  END IF;
END
$$;
"""
ALONE = """
CREATE FUNCTION directory_administrator_is_alone() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  admins CONSTANT varchar[] := ARRAY['system_admin', 'security_admin', 'audit_admin'];
BEGIN
  PERFORM FROM directory_officer WHERE id = NEW.officer_id FOR NO KEY UPDATE;
  IF (NEW.roles && admins AND cardinality(NEW.roles) > 1) OR EXISTS (
    SELECT FROM directory_post
    WHERE officer_id = NEW.officer_id AND id <> NEW.id
      AND daterange(valid_from, valid_until) && daterange(NEW.valid_from, NEW.valid_until)
      AND (roles && admins OR NEW.roles && admins)
      AND NOT (roles <@ NEW.roles AND NEW.roles <@ roles)
  ) THEN
    RAISE EXCEPTION 'an administrator holds no other role at the same time'
      USING ERRCODE = 'check_violation', CONSTRAINT = 'directory_administrator_alone';
  END IF;
  RETURN NEW;
END
$$;
CREATE TRIGGER directory_administrator_alone
  BEFORE INSERT OR UPDATE OF officer_id, roles, valid_from, valid_until ON directory_post
  FOR EACH ROW EXECUTE FUNCTION directory_administrator_is_alone();
"""
NOT_ALONE = """
DROP TRIGGER directory_administrator_alone ON directory_post;
DROP FUNCTION directory_administrator_is_alone();
"""
KEPT = "REVOKE DELETE ON directory_glass, directory_adminproposal FROM weimin_app"


class Migration(migrations.Migration):

    dependencies = [
        ('directory', '0002_office_hours'),
        ('record', '0005_raise_wall'),
    ]

    operations = [
        migrations.RunSQL(CHECK, migrations.RunSQL.noop),
        migrations.RunSQL(ALONE, NOT_ALONE),
        migrations.CreateModel(
            name='AdminProposal',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('role', models.CharField(help_text='系统、安全、审计管理员之一的代码', max_length=16, verbose_name='职责')),
                ('title', models.CharField(help_text='职务名称', max_length=40, verbose_name='职务')),
                ('reason', models.CharField(help_text='为什么提名', max_length=200, verbose_name='理由')),
                ('proposed_at', models.DateTimeField(help_text='什么时候提名', verbose_name='提名时间')),
                ('outcome', models.CharField(choices=[('open', '待确认'), ('confirmed', '已确认'), ('refused', '未同意')], default='open', help_text='待确认、已确认、未同意', max_length=10, verbose_name='结果')),
                ('decided_at', models.DateTimeField(help_text='什么时候确认或不同意', null=True, verbose_name='确认时间')),
                ('agency', models.ForeignKey(help_text='在哪个机构', on_delete=django.db.models.deletion.PROTECT, related_name='+', to='directory.agency', verbose_name='机构')),
                ('decided_by', models.ForeignKey(help_text='谁确认或不同意', null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='directory.officer', verbose_name='确认人')),
                ('officer', models.ForeignKey(help_text='提名谁', on_delete=django.db.models.deletion.PROTECT, related_name='+', to='directory.officer', verbose_name='人员')),
                ('proposed_by', models.ForeignKey(help_text='哪位安全管理员提名', on_delete=django.db.models.deletion.PROTECT, related_name='+', to='directory.officer', verbose_name='提名人')),
            ],
            options={
                'verbose_name': '管理员提名',
                'constraints': [models.UniqueConstraint(condition=models.Q(('outcome', 'open')), fields=('officer',), name='directory_proposal_open'), models.CheckConstraint(condition=models.Q(models.Q(('proposed_by', models.F('officer')), _negated=True), models.Q(('decided_by', None), models.Q(models.Q(('decided_by', models.F('proposed_by')), _negated=True), models.Q(('decided_by', models.F('officer')), _negated=True)), _connector='OR')), name='directory_proposal_two'), models.CheckConstraint(condition=models.Q(models.Q(('decided_at', None), ('decided_by', None), ('outcome', 'open')), models.Q(models.Q(('outcome', 'open'), _negated=True), ('decided_at__isnull', False), ('decided_by__isnull', False)), _connector='OR'), name='directory_proposal_decided')],
            },
        ),
        migrations.CreateModel(
            name='Glass',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('who', models.CharField(help_text='打开时的单位和姓名', max_length=120, verbose_name='谁')),
                ('role', models.CharField(help_text='以哪种管理员身份', max_length=16, verbose_name='职责')),
                ('purpose', models.CharField(help_text='故障单号或交办文号', max_length=40, verbose_name='依据')),
                ('reason', models.CharField(help_text='为什么看，当事人会看到', max_length=120, verbose_name='理由')),
                ('opened_at', models.DateTimeField(db_index=True, help_text='什么时候打开', verbose_name='打开时间')),
                ('until', models.DateTimeField(help_text='到这一刻自动结束，不能延长', verbose_name='到期时间')),
                ('ended_at', models.DateTimeField(help_text='提前结束的时间，空表示没有提前结束', null=True, verbose_name='结束时间')),
                ('seen_at', models.DateTimeField(help_text='当地领导什么时候签收', null=True, verbose_name='签收时间')),
                ('officer', models.ForeignKey(help_text='谁打开的', on_delete=django.db.models.deletion.PROTECT, related_name='+', to='directory.officer', verbose_name='人员')),
                ('place', models.ForeignKey(help_text='看哪个县区或乡镇的办件', on_delete=django.db.models.deletion.PROTECT, related_name='+', to='directory.division', verbose_name='范围')),
                ('seen_by', models.ForeignKey(help_text='当地哪位领导签收', null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='directory.officer', verbose_name='签收人')),
            ],
            options={
                'verbose_name': '应急查看',
                'indexes': [models.Index(fields=['officer', '-opened_at'], name='directory_glass_officer')],
                'constraints': [models.CheckConstraint(condition=models.Q(('until__gt', models.F('opened_at'))), name='directory_glass_period')],
            },
        ),
        migrations.RunSQL(KEPT, migrations.RunSQL.noop),
    ]
