"""Ids towards gateways are given once, even after a restore."""

import pytest
from django.db import transaction

from apps.delivery import message_ids
from apps.notifications.services import bump_epoch

pytestmark = pytest.mark.django_db


def test_ids_follow_each_other_and_are_never_given_twice() -> None:
    first = message_ids.allocate(3)
    second = message_ids.allocate(2)

    assert second == [first[-1] + 1, first[-1] + 2]
    assert len(set(first + second)) == 5
    assert first[0] > 0
    assert second[-1] < 2**53


def test_ids_of_a_transaction_that_failed_are_free_again() -> None:
    [first] = message_ids.allocate(1)

    with transaction.atomic():
        message_ids.allocate(5)
        transaction.set_rollback(True)

    assert message_ids.allocate(1) == [first + 1]


def test_a_restored_store_goes_on_elsewhere() -> None:
    [before] = message_ids.allocate(1)

    bump_epoch()

    [after] = message_ids.allocate(1)
    assert after != before + 1


def test_nothing_is_not_a_number_of_ids() -> None:
    with pytest.raises(ValueError, match="At least one"):
        message_ids.allocate(0)
