"""Rows carry the county that they belong to, so that tables can be distributed by it; rows of before are filled here."""

from django.db import migrations, models


FILL = """
UPDATE deadlines_clock t SET county = d.county_code FROM directory_division d WHERE d.code = t.place AND d.county_code <> '';
UPDATE deadlines_clockentry t SET county = p.county FROM deadlines_clock p WHERE p.id = t.clock_id AND p.county <> '';
"""


class Migration(migrations.Migration):

    dependencies = [
        ('directory', '0004_know_what_lies_in_a_place'),
        ('deadlines', '0006_name_tasks_purposes'),
    ]

    operations = [
        migrations.AddField(
            model_name='clock',
            name='county',
            field=models.CharField(blank=True, db_default='', default='', editable=False, help_text='所在县区的代码，数据按它分布', max_length=12, verbose_name='县区'),
        ),
        migrations.AddField(
            model_name='clockentry',
            name='county',
            field=models.CharField(blank=True, db_default='', default='', editable=False, help_text='所在县区的代码，数据按它分布', max_length=12, verbose_name='县区'),
        ),
        migrations.RunSQL(FILL, migrations.RunSQL.noop),
    ]
