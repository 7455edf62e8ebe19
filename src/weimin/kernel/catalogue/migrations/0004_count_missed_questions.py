from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("catalogue", "0003_keep_lists")]

    operations = [
        migrations.CreateModel(
            "SearchMiss",
            [
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("digest", models.BinaryField(unique=True, help_text="清理后问法的带密钥摘要；满次数以前只有它")),
                (
                    "kind",
                    models.CharField(
                        "种类",
                        max_length=8,
                        choices=[("nothing", "没找到"), ("likely", "只找到相近的"), ("word", "事项里没有的词")],
                        help_text="没找到、只找到相近的，或者事项里没有的词",
                    ),
                ),
                (
                    "text",
                    models.CharField("问法", max_length=40, blank=True, default="", help_text="满三次才写下；此前为空"),
                ),
                ("count", models.PositiveIntegerField("次数", help_text="来过几次：同一地址一天只算一次")),
                ("first_date", models.DateField("最早", help_text="第一次是哪一天")),
                ("last_date", models.DateField("最近", help_text="最近一次是哪一天")),
            ],
            options={
                "verbose_name": "没搜到的问法",
                "indexes": [
                    models.Index(
                        fields=["-count", "id"], name="catalogue_miss_shown", condition=~models.Q(text="")
                    ),
                    models.Index(fields=["last_date"], name="catalogue_miss_old"),
                ],
            },
        ),
    ]
