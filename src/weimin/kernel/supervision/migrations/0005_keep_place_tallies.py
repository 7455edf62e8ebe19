"""Tallies of counties, cities and provinces, added up from those there are: some seconds at ten million matters."""

from django.db import migrations, models


ADD_UP = """
WITH RECURSIVE upward (place, above, upper) AS (
  SELECT code::text, code, level IN ('county', 'city', 'province') FROM directory_division
  UNION ALL
  SELECT below.place, d.code, d.level IN ('county', 'city', 'province') FROM upward below
  JOIN directory_division own ON own.code = below.above JOIN directory_division d ON d.code = own.parent_id
)
INSERT INTO supervision_placetally (kind, measure, day, place, item, public, n, late, used, allowed)
SELECT kind, measure, day, above, item, public, sum(n), sum(late), sum(used), sum(allowed)
FROM supervision_tally JOIN upward USING (place) WHERE upper AND agency_id IS NULL
GROUP BY kind, measure, day, above, item, public ORDER BY above, day, item
"""


class Migration(migrations.Migration):

    dependencies = [
        ('directory', '0004_know_what_lies_in_a_place'),
        ('supervision', '0004_keep_tallies'),
    ]

    operations = [
        migrations.CreateModel(
            name='PlaceTally',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(help_text='数的是哪类记录：办件、预警', max_length=12, verbose_name='对象')),
                ('measure', models.CharField(help_text='指标的代码，如 cases.received 收件', max_length=32, verbose_name='指标')),
                ('day', models.DateField(help_text='按月的指标是当月 1 日，按天的是那一天', verbose_name='月份或日期')),
                ('item', models.CharField(help_text='事项代码；* 表示全部事项合计', max_length=24, verbose_name='事项')),
                ('public', models.BooleanField(help_text='事项可以上公开名单；涉及儿童和困难家庭的不可以', verbose_name='可公开')),
                ('n', models.IntegerField(help_text='有多少件', verbose_name='件数')),
                ('late', models.IntegerField(help_text='其中超期的件数', verbose_name='超期')),
                ('used', models.IntegerField(help_text='有期限的共用了多少天', verbose_name='用时')),
                ('allowed', models.IntegerField(help_text='有期限的共给了多少天', verbose_name='期限')),
                ('place', models.CharField(help_text='县区、市或省的代码', max_length=12, verbose_name='县区以上')),
            ],
            options={
                'verbose_name': '合计数',
                'constraints': [models.UniqueConstraint(fields=('place', 'day', 'item', 'measure', 'public'), name='supervision_placetally_once')],
            },
        ),
        migrations.RunSQL(ADD_UP, "DELETE FROM supervision_placetally"),
    ]
