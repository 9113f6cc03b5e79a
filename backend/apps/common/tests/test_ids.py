"""UUIDv7 as RFC 9562 has it."""

import time
import uuid

from apps.common.ids import uuid7


def test_has_version_and_variant_of_rfc_9562() -> None:
    made = [uuid7() for _ in range(200)]

    assert {key.version for key in made} == {7}
    assert {key.variant for key in made} == {uuid.RFC_4122}


def test_begins_with_the_unix_time_in_milliseconds() -> None:
    before = time.time_ns() // 1_000_000

    milliseconds = uuid7().int >> 80

    assert before <= milliseconds <= time.time_ns() // 1_000_000


def test_never_repeats() -> None:
    assert len({uuid7() for _ in range(10_000)}) == 10_000


def test_every_random_bit_is_used() -> None:
    seen_ones = seen_zeros = 0
    for _ in range(500):
        value = uuid7().int
        seen_ones |= value
        seen_zeros |= ~value
    random_bits = ((1 << 12) - 1) << 64 | ((1 << 62) - 1)

    assert seen_ones & random_bits == random_bits
    assert seen_zeros & random_bits == random_bits
