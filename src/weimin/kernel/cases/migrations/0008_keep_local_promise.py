"""A matter keeps the shorter promise of its township."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('cases', '0007_keep_notice_and_certificate'),
    ]

    operations = [
        migrations.AddField(
            model_name='case',
            name='committed_days',
            field=models.PositiveSmallIntegerField(help_text='提交时乡镇承诺的更短天数，空表示按清单；单位和清单一样', null=True, verbose_name='本地承诺天数'),
        ),
    ]
