"""An import also says what should be looked at, row by row, though it comes in."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('catalogue', '0007_index_what_is_in_force'),
    ]

    operations = [
        migrations.AddField(
            model_name='listimport',
            name='warning_count',
            field=models.PositiveIntegerField(db_default=0, default=0, help_text='一共有几处要留意，不影响导入', verbose_name='提醒数'),
        ),
        migrations.AddField(
            model_name='listimport',
            name='warnings',
            field=models.JSONField(db_default=[], default=list, help_text='每处提醒的工作表、行号、标题和说明，最多 500 处', verbose_name='提醒'),
        ),
    ]
