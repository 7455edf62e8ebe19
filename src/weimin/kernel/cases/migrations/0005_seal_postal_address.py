from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("cases", "0004_keep_papers_seen")]

    operations = [
        migrations.AddField(
            model_name="case",
            name="post_sealed",
            field=models.BinaryField(
                help_text="邮寄的收件人、电话和地址，加密保存；不邮寄的为空", null=True, verbose_name="邮寄地址"
            ),
        ),
        migrations.AddField(
            model_name="draft",
            name="post_sealed",
            field=models.BinaryField(help_text="已填的邮寄地址，加密保存", null=True, verbose_name="邮寄地址"),
        ),
    ]
