"""One row of the read log for each answer of the platform, however many people it showed; no row is ever changed.

Rows of before become rows of one person. There is no way back: a row of many people is none of one.
"""

import django.contrib.postgres.fields
import django.contrib.postgres.indexes
from django.db import migrations, models

MOVE = """
UPDATE residents_readentry SET residents = ARRAY[resident_id], matters = ARRAY[left(subject, 32)],
  no_matter = (subject = ''), path = CASE WHEN subject = '' THEN 'desk:find_person' ELSE 'desk:case' END;
"""
FINAL = """
CREATE FUNCTION residents_keep_read() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'UPDATE' OR OLD.at > now() - interval '3 years' THEN
    RAISE EXCEPTION 'the read log is never changed, and kept for three years';
  END IF;
  RETURN OLD;
END
$$;
CREATE TRIGGER residents_read_final BEFORE UPDATE OR DELETE ON residents_readentry
  FOR EACH ROW EXECUTE FUNCTION residents_keep_read();
"""


class Migration(migrations.Migration):
    dependencies = [("residents", "0001_create_residents")]

    operations = [
        migrations.AddField(
            model_name="readentry",
            name="residents",
            field=django.contrib.postgres.fields.ArrayField(
                base_field=models.BigIntegerField(), null=True, size=None, verbose_name="被看的人"
            ),
        ),
        migrations.AddField(
            model_name="readentry",
            name="matters",
            field=django.contrib.postgres.fields.ArrayField(
                base_field=models.CharField(max_length=32), null=True, size=None, verbose_name="办件"
            ),
        ),
        migrations.AddField(
            model_name="readentry", name="no_matter", field=models.BooleanField(null=True, verbose_name="没有办件")
        ),
        migrations.AddField(
            model_name="readentry",
            name="post_id",
            field=models.BigIntegerField(help_text="以哪个岗位看的", null=True, verbose_name="岗位"),
        ),
        migrations.AddField(
            model_name="readentry",
            name="revealed",
            field=models.CharField(
                blank=True, default="", help_text="显示了哪一项全号，没有为空", max_length=60, verbose_name="全号"
            ),
        ),
        migrations.AddField(
            model_name="readentry", name="path", field=models.CharField(max_length=60, null=True, verbose_name="页面")
        ),
        migrations.RunSQL(MOVE),
        migrations.AlterField(
            model_name="readentry",
            name="residents",
            field=django.contrib.postgres.fields.ArrayField(
                base_field=models.BigIntegerField(),
                help_text="这一次显示了谁的资料",
                size=None,
                verbose_name="被看的人",
            ),
        ),
        migrations.AlterField(
            model_name="readentry",
            name="matters",
            field=django.contrib.postgres.fields.ArrayField(
                base_field=models.CharField(max_length=32),
                help_text="为哪一件看的，和被看的人一一对应，没有的为空",
                size=None,
                verbose_name="办件",
            ),
        ),
        migrations.AlterField(
            model_name="readentry",
            name="no_matter",
            field=models.BooleanField(help_text="其中有人不是因为办件被看的", verbose_name="没有办件"),
        ),
        migrations.AlterField(
            model_name="readentry",
            name="path",
            field=models.CharField(help_text="从哪个页面或接口看的", max_length=60, verbose_name="页面"),
        ),
        migrations.AlterField(
            model_name="readentry",
            name="why",
            field=models.CharField(
                help_text="为办什么事看的；看全号的是本人写的理由", max_length=200, verbose_name="为什么"
            ),
        ),
        migrations.RemoveIndex(model_name="readentry", name="residents_read_person"),
        migrations.RemoveField(model_name="readentry", name="resident"),
        migrations.RemoveField(model_name="readentry", name="subject"),
        migrations.AddConstraint(
            model_name="readentry",
            constraint=models.CheckConstraint(
                condition=models.Q(("residents__len", models.F("matters__len")), ("residents__len__gt", 0)),
                name="residents_read_pairs",
            ),
        ),
        migrations.AddIndex(
            model_name="readentry",
            index=django.contrib.postgres.indexes.GinIndex(fields=["residents"], name="residents_read_people"),
        ),
        migrations.AddIndex(
            model_name="readentry", index=models.Index(fields=["at"], name="residents_read_at")
        ),
        migrations.AddIndex(
            model_name="readentry",
            index=models.Index(
                condition=models.Q(("no_matter", True)), fields=["at"], name="residents_read_no_matter"
            ),
        ),
        migrations.RunSQL(FINAL, "DROP TRIGGER residents_read_final ON residents_readentry; DROP FUNCTION residents_keep_read();"),
    ]
