"""Clocks of tasks pushed down and of townships' opinions."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('deadlines', '0005_name_lists_purpose'),
    ]

    operations = [
        migrations.AlterField(
            model_name='clock',
            name='purpose',
            field=models.CharField(choices=[('check', '受理审查'), ('answer', '补正'), ('handle', '办理'), ('stage', '环节'), ('body', '并联环节'), ('deliver', '送达'), ('repair', '差评回复'), ('reads', '查看询问答复'), ('lists', '清单调整'), ('rights', '个人信息请求'), ('tasks', '任务准入'), ('opinion', '征求乡镇意见'), ('order', '督办答复'), ('contest', '申诉处理'), ('publish', '公开超期原因')], help_text='审查、办理还是送达', max_length=10, verbose_name='用途'),
        ),
    ]
