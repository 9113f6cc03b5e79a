"""What is JSON for us, and that nothing else ever gets through or out."""

import contextlib
import json
import re
import time
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.common import strict_json
from apps.common.strict_json import MAX_DEPTH, BadJSON

TEXTS = st.text(
    st.characters(exclude_categories=["Cs"], exclude_characters="\x00"),
    max_size=20,
)
SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(10**30), 10**30),
    st.floats(allow_nan=False, allow_infinity=False),
    TEXTS,
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4)
    ),
    max_leaves=20,
)
FRAGMENTS = re.findall(
    r"\S+",
    r'" \ { } [ ] : , \u0000 \ud800 1e999 NaN - 1 0 e true null a',
)
PIECES = st.lists(
    st.sampled_from([*FRAGMENTS, " ", "\ufeff", "\x00"]),
    max_size=30,
).map("".join)


@settings(max_examples=80, deadline=None)
@given(value=VALUES, is_ascii=st.booleans())
def test_gives_back_what_was_written(value: Any, is_ascii: bool) -> None:
    text = json.dumps(value, ensure_ascii=is_ascii)

    assert strict_json.parse(text) == value
    assert strict_json.parse(text.encode()) == value


@settings(max_examples=200, deadline=None)
@given(data=st.one_of(st.binary(max_size=60), PIECES, st.text(max_size=40)))
def test_raises_nothing_but_bad_json(data: bytes | str) -> None:
    with contextlib.suppress(BadJSON):
        value = strict_json.parse(data)
        written = json.dumps(value, ensure_ascii=False, allow_nan=False)
        assert "\x00" not in written
        assert written.encode()


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "not valid JSON"),
        (b"{", "not valid JSON"),
        (b"{'a': 1}", "not valid JSON"),
        (b"\xff\xfe", "not UTF-8"),
        (b'"\xed\xa0\x80"', "not UTF-8"),
        (b"\xef\xbb\xbf{}", "byte order mark"),
        (b"NaN", "NaN"),
        (b"[Infinity]", "Infinity"),
        (b"-Infinity", "-Infinity"),
        (b"1e400", "out of range"),
        (b"9" * 5000, "not valid JSON"),
        (b'{"a": 1, "a": 2}', "same key twice"),
        (b'{"\\u0061": 1, "a": 2}', "same key twice"),
        (b'"\\u0000"', "NUL"),
        (b'{"\\u0000": 1}', "NUL"),
        (b'["\\ud800"]', "surrogate"),
        (b'"a\x00b"', "not valid JSON"),
    ],
)
def test_refuses(data: bytes, words: str) -> None:
    with pytest.raises(BadJSON, match=words):
        strict_json.parse(data)


def test_accepts_a_surrogate_pair() -> None:
    assert strict_json.parse(b'"\\ud83d\\ude00"') == "\U0001f600"


@pytest.mark.parametrize(("opening", "closing"), [("[", "]"), ('{"a":', "}")])
def test_counts_levels_not_brackets_in_texts(opening: str, closing: str) -> None:
    inside = '"[[[{{{"'
    at_limit = opening * MAX_DEPTH + inside + closing * MAX_DEPTH
    above = opening * (MAX_DEPTH + 1) + inside + closing * (MAX_DEPTH + 1)

    assert strict_json.parse(at_limit)
    with pytest.raises(BadJSON, match="nested deeper"):
        strict_json.parse(above)


def test_refuses_a_hundred_thousand_levels() -> None:
    with pytest.raises(BadJSON, match="nested deeper"):
        strict_json.parse(b"[" * 100_000)


@pytest.mark.parametrize(
    "data",
    [b'"' + b'\\"' * 100_000, b'"' * 200_001, b'"' + b"\\" * 200_000],
)
def test_takes_linear_time_for_texts_that_do_not_end(data: bytes) -> None:
    before = time.process_time()

    with pytest.raises(BadJSON):
        strict_json.parse(data)

    assert time.process_time() - before < 2
