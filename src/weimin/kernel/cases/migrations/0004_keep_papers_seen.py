from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("cases", "0003_deeper_clocks")]

    operations = [
        migrations.AddField(
            model_name="case",
            name="seen_papers",
            field=models.JSONField(
                db_default=[],
                default=list,
                help_text="收件时窗口核对过原件的材料：代码、名称、谁、什么时候",
                verbose_name="已核对的纸质材料",
            ),
        ),
    ]
