"""The group whose members run mailings."""

from typing import Any

from django.db import migrations

# As in apps.accounts.operators, which may be renamed later.
OPERATORS = "Mailing operators"


def make_group(apps: Any, schema_editor: Any) -> None:
    apps.get_model("auth", "Group").objects.get_or_create(name=OPERATORS)


class Migration(migrations.Migration):
    dependencies = [
        ("mailings", "0001_initial"),
        ("auth", "0012_alter_user_first_name_max_length"),
    ]

    operations = [migrations.RunPython(make_group, migrations.RunPython.noop)]
