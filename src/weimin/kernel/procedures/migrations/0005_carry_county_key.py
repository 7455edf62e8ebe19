"""Rows carry the county that they belong to, so that tables can be distributed by it; rows of before are filled here."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('procedures', '0004_freeze_tables'),
    ]

    operations = [
        migrations.AddField(
            model_name='instance',
            name='county',
            field=models.CharField(blank=True, db_default='', default='', editable=False, help_text='所在县区的代码，数据按它分布', max_length=12, verbose_name='县区'),
        ),
    ]
