"""Give keys what they own across rotations; each that stands begins its own."""

from django.db import migrations, models


def begin_lineages(apps, schema_editor):
    """Name every key as the first of its line."""
    keys = apps.get_model("accounts", "ServiceKey").objects
    keys.update(lineage=models.F("service_id"))


class Migration(migrations.Migration):
    """One column, filled and then required."""

    dependencies = [("accounts", "0003_preferences")]

    operations = [
        migrations.AddField(
            model_name="servicekey",
            name="lineage",
            field=models.CharField(
                default="",
                editable=False,
                help_text="The id of the first key; what rotates it keeps what it owns.",
                max_length=32,
            ),
            preserve_default=False,
        ),
        migrations.RunPython(begin_lineages, migrations.RunPython.noop),
    ]
