from django.db import migrations, models


class Migration(migrations.Migration):
    """Files get a key of their own; those stored before have none and stay readable."""

    dependencies = [("record", "0003_search_trail")]

    operations = [
        migrations.AddField(
            model_name="blob",
            name="key_sealed",
            field=models.BinaryField(
                help_text="这个文件自己的密钥，加密保存；空表示早先存入、未加密的文件", null=True, verbose_name="文件密钥"
            ),
        ),
    ]
