"""Rows carry the county that they belong to, so that tables can be distributed by it; rows of before are filled here."""

from django.db import migrations, models


FILL = """
UPDATE residents_resident t SET county = d.county_code FROM directory_division d WHERE d.code = t.division_id AND d.county_code <> '';
"""


class Migration(migrations.Migration):

    dependencies = [
        ('directory', '0004_know_what_lies_in_a_place'),
        ('residents', '0005_index_client_looks'),
    ]

    operations = [
        migrations.AddField(
            model_name='resident',
            name='county',
            field=models.CharField(blank=True, db_default='', default='', editable=False, help_text='所在县区的代码，数据按它分布', max_length=12, verbose_name='县区'),
        ),
        migrations.RunSQL(FILL, migrations.RunSQL.noop),
    ]
