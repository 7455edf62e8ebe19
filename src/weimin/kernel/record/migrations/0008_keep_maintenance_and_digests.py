"""Tables of arranged maintenance and of the daily digest; workers say their version and what only they can count.

Web processes read these and write none of them: a fault in a page cannot stop the platform.
"""

from django.db import migrations, models

NO_WRITING = "REVOKE INSERT, UPDATE, DELETE ON record_maintenance, record_digest FROM weimin_app;"


class Migration(migrations.Migration):
    dependencies = [("record", "0007_trace_outbox")]

    operations = [
        migrations.CreateModel(
            name="Digest",
            fields=[
                (
                    "day",
                    models.DateField(
                        help_text="哪一天早上写的", primary_key=True, serialize=False, verbose_name="日期"
                    ),
                ),
                ("at", models.DateTimeField(help_text="什么时候写的", verbose_name="时间")),
                (
                    "lines",
                    models.JSONField(help_text="每一行一件没办成的事和该做什么，不含个人信息", verbose_name="内容"),
                ),
            ],
            options={"verbose_name": "每日失败摘要"},
        ),
        migrations.CreateModel(
            name="Maintenance",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("begins_at", models.DateTimeField(help_text="从什么时候起暂停办理", verbose_name="开始")),
                ("until", models.DateTimeField(help_text="大约到什么时候，告诉群众和工作人员的", verbose_name="预计结束")),
                ("reason", models.CharField(help_text="为什么，写给群众看的一句话", max_length=120, verbose_name="原因")),
                ("by_label", models.CharField(help_text="谁安排的", max_length=120, verbose_name="谁")),
            ],
            options={"verbose_name": "维护安排"},
        ),
        migrations.AddField(
            model_name="workerbeat",
            name="version",
            field=models.CharField(
                blank=True,
                db_default="",
                default="",
                help_text="它运行的是哪一版程序",
                max_length=32,
                verbose_name="版本",
            ),
        ),
        migrations.AddField(
            model_name="workerbeat",
            name="facts",
            field=models.JSONField(
                db_default={},
                default=dict,
                help_text="网页进程看不到、由它数的数：到期没办成、导入出错等",
                verbose_name="数字",
            ),
        ),
        migrations.RunSQL(NO_WRITING, migrations.RunSQL.noop),
    ]
