"""The edition of the directory: a number that grows with every statement that changes places or bodies."""

from django.db import migrations, models

MAKE = """
INSERT INTO directory_edition (id, number) VALUES (1, 1);
CREATE FUNCTION directory_next_edition() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
BEGIN
  UPDATE directory_edition SET number = number + 1;
  RETURN NULL;
END $$;
CREATE TRIGGER directory_edition AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON directory_division
  FOR EACH STATEMENT EXECUTE FUNCTION directory_next_edition();
CREATE TRIGGER directory_edition AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON directory_agency
  FOR EACH STATEMENT EXECUTE FUNCTION directory_next_edition();
"""
UNDO = """
DROP TRIGGER directory_edition ON directory_agency;
DROP TRIGGER directory_edition ON directory_division;
DROP FUNCTION directory_next_edition();
"""


class Migration(migrations.Migration):
    dependencies = [("directory", "0004_know_what_lies_in_a_place")]

    operations = [
        migrations.CreateModel(
            name="Edition",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "number",
                    models.BigIntegerField(
                        help_text="区划或机构每改一次加 1；各个进程据此知道自己记住的目录是不是旧的",
                        verbose_name="目录版次",
                    ),
                ),
            ],
        ),
        migrations.RunSQL(MAKE, UNDO),
    ]
