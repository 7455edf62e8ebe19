"""Rows carry the county that they belong to, so that tables can be distributed by it; rows of before are filled here."""

from django.db import migrations, models


FILL = """
UPDATE supervision_warning t SET county = d.county_code FROM directory_division d WHERE d.code = t.place AND d.county_code <> '';
UPDATE supervision_order t SET county = d.county_code FROM directory_division d WHERE d.code = t.place AND d.county_code <> '';
UPDATE supervision_overrunreason t SET county = d.county_code FROM directory_division d WHERE d.code = t.place AND d.county_code <> '';
UPDATE supervision_finding t SET county = d.county_code FROM directory_division d WHERE d.code = t.place AND d.county_code <> '';
"""


class Migration(migrations.Migration):

    dependencies = [
        ('directory', '0004_know_what_lies_in_a_place'),
        ('supervision', '0002_count_contests'),
    ]

    operations = [
        migrations.AddField(
            model_name='finding',
            name='county',
            field=models.CharField(blank=True, db_default='', default='', editable=False, help_text='所在县区的代码，数据按它分布', max_length=12, verbose_name='县区'),
        ),
        migrations.AddField(
            model_name='order',
            name='county',
            field=models.CharField(blank=True, db_default='', default='', editable=False, help_text='所在县区的代码，数据按它分布', max_length=12, verbose_name='县区'),
        ),
        migrations.AddField(
            model_name='overrunreason',
            name='county',
            field=models.CharField(blank=True, db_default='', default='', editable=False, help_text='所在县区的代码，数据按它分布', max_length=12, verbose_name='县区'),
        ),
        migrations.AddField(
            model_name='warning',
            name='county',
            field=models.CharField(blank=True, db_default='', default='', editable=False, help_text='所在县区的代码，数据按它分布', max_length=12, verbose_name='县区'),
        ),
        migrations.RunSQL(FILL, migrations.RunSQL.noop),
    ]
