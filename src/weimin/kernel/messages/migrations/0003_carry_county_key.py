"""Rows carry the county that they belong to, so that tables can be distributed by it; rows of before are filled here."""

from django.db import migrations, models


FILL = """
UPDATE notices_message t SET county = p.county FROM residents_resident p WHERE p.id = t.resident_id AND p.county <> '';
"""


class Migration(migrations.Migration):

    dependencies = [
        ('residents', '0006_carry_county_key'),
        ('notices', '0002_put_behind_wall'),
    ]

    operations = [
        migrations.AddField(
            model_name='message',
            name='county',
            field=models.CharField(blank=True, db_default='', default='', editable=False, help_text='所在县区的代码，数据按它分布', max_length=12, verbose_name='县区'),
        ),
        migrations.RunSQL(FILL, migrations.RunSQL.noop),
    ]
