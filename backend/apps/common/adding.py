"""Numbers that only grow by what a batch adds, in one statement for each row.

"Insert, or add to what is there" is beyond the ORM. Both databases take the same text.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db import connection
from django.db.models import Model


def add(
    model: type[Model],
    keys: Sequence[str],
    rows: Mapping[tuple[Any, ...], Mapping[str, int]],
    *,
    counted: Collection[str],
) -> None:
    """Add to the rows that have these keys; make those that are not there.

    In the same order everywhere, so that concurrent batches only wait.

    keys: columns under a unique constraint, in its order.
    rows: by the values of the keys, what to add to which of the counted columns.
    """
    if not rows:
        return
    table = model._meta.db_table
    columns = ", ".join([*keys, *(f'"{name}"' for name in counted)])
    values = ", ".join(["%s"] * (len(keys) + len(counted)))
    sums = ", ".join(
        f'"{name}" = {table}."{name}" + excluded."{name}"' for name in counted
    )
    text = (
        f"INSERT INTO {table} ({columns}) VALUES ({values})"  # noqa: S608  (the names are ours)
        f" ON CONFLICT ({', '.join(keys)}) DO UPDATE SET {sums}"
    )
    with connection.cursor() as cursor:
        cursor.executemany(
            text,
            [
                (*map(_adapted, key), *(added.get(name, 0) for name in counted))
                for key, added in sorted(rows.items())
            ],
        )


def _adapted(value: Any) -> Any:
    if isinstance(value, datetime):
        return connection.ops.adapt_datetimefield_value(value)
    return value
