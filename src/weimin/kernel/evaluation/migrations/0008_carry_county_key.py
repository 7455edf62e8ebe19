"""Rows carry the county that they belong to, so that tables can be distributed by it; rows of before are filled here."""

from django.db import migrations, models


FILL = """
UPDATE evaluation_rating t SET county = p.county FROM cases_case p WHERE p.id = t.case_id AND p.county <> '';
UPDATE evaluation_repair t SET county = p.county FROM evaluation_rating p WHERE p.id = t.rating_id AND p.county <> '';
"""


class Migration(migrations.Migration):

    dependencies = [
        ('cases', '0010_carry_county_key'),
        ('evaluation', '0007_part_reads_by_year'),
    ]

    operations = [
        migrations.AddField(
            model_name='rating',
            name='county',
            field=models.CharField(blank=True, db_default='', default='', editable=False, help_text='所在县区的代码，数据按它分布', max_length=12, verbose_name='县区'),
        ),
        migrations.AddField(
            model_name='repair',
            name='county',
            field=models.CharField(blank=True, db_default='', default='', editable=False, help_text='所在县区的代码，数据按它分布', max_length=12, verbose_name='县区'),
        ),
        migrations.RunSQL(FILL, migrations.RunSQL.noop),
    ]
