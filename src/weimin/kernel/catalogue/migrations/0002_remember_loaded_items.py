from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("catalogue", "0001_create_catalogue")]

    operations = [
        migrations.AddField(
            "item",
            "loaded_digest",
            models.CharField(
                "装入摘要",
                max_length=64,
                blank=True,
                default="",
                help_text="最近一次从文件装入的内容摘要；文件没变就不再装入",
            ),
        ),
    ]
