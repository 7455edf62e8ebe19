"""Rows carry the county that they belong to, so that tables can be distributed by it; rows of before are filled here."""

from django.db import migrations, models


FILL = """
UPDATE cases_case t SET county = d.county_code FROM directory_division d WHERE d.code = t.township_id AND d.county_code <> '';
UPDATE cases_draft t SET county = d.county_code FROM directory_division d WHERE d.code = t.township_id AND d.county_code <> '';
UPDATE cases_step t SET county = p.county FROM cases_case p WHERE p.id = t.case_id AND p.county <> '';
UPDATE cases_supplement t SET county = p.county FROM cases_case p WHERE p.id = t.case_id AND p.county <> '';
UPDATE cases_casefile t SET county = p.county FROM cases_case p WHERE p.id = t.case_id AND p.county <> '';
UPDATE cases_decision t SET county = p.county FROM cases_case p WHERE p.id = t.case_id AND p.county <> '';
UPDATE cases_paper t SET county = p.county FROM cases_case p WHERE p.id = t.case_id AND p.county <> '';
UPDATE cases_timelineentry t SET county = p.county FROM cases_case p WHERE p.id = t.case_id AND p.county <> '';
UPDATE cases_comment t SET county = p.county FROM cases_case p WHERE p.id = t.case_id AND p.county <> '';
UPDATE procedures_instance i SET county = c.county FROM cases_case c WHERE c.instance_id = i.id;
"""


class Migration(migrations.Migration):

    dependencies = [
        ('directory', '0004_know_what_lies_in_a_place'),
        ('procedures', '0005_carry_county_key'),
        ('cases', '0009_keep_authority'),
    ]

    operations = [
        migrations.AddField(
            model_name='case',
            name='county',
            field=models.CharField(blank=True, db_default='', default='', editable=False, help_text='所在县区的代码，数据按它分布', max_length=12, verbose_name='县区'),
        ),
        migrations.AddField(
            model_name='casefile',
            name='county',
            field=models.CharField(blank=True, db_default='', default='', editable=False, help_text='所在县区的代码，数据按它分布', max_length=12, verbose_name='县区'),
        ),
        migrations.AddField(
            model_name='comment',
            name='county',
            field=models.CharField(blank=True, db_default='', default='', editable=False, help_text='所在县区的代码，数据按它分布', max_length=12, verbose_name='县区'),
        ),
        migrations.AddField(
            model_name='decision',
            name='county',
            field=models.CharField(blank=True, db_default='', default='', editable=False, help_text='所在县区的代码，数据按它分布', max_length=12, verbose_name='县区'),
        ),
        migrations.AddField(
            model_name='draft',
            name='county',
            field=models.CharField(blank=True, db_default='', default='', editable=False, help_text='所在县区的代码，数据按它分布', max_length=12, verbose_name='县区'),
        ),
        migrations.AddField(
            model_name='paper',
            name='county',
            field=models.CharField(blank=True, db_default='', default='', editable=False, help_text='所在县区的代码，数据按它分布', max_length=12, verbose_name='县区'),
        ),
        migrations.AddField(
            model_name='step',
            name='county',
            field=models.CharField(blank=True, db_default='', default='', editable=False, help_text='所在县区的代码，数据按它分布', max_length=12, verbose_name='县区'),
        ),
        migrations.AddField(
            model_name='supplement',
            name='county',
            field=models.CharField(blank=True, db_default='', default='', editable=False, help_text='所在县区的代码，数据按它分布', max_length=12, verbose_name='县区'),
        ),
        migrations.AddField(
            model_name='timelineentry',
            name='county',
            field=models.CharField(blank=True, db_default='', default='', editable=False, help_text='所在县区的代码，数据按它分布', max_length=12, verbose_name='县区'),
        ),
        migrations.RunSQL(FILL, migrations.RunSQL.noop),
    ]
