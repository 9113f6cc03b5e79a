"""How many SMS a text is, at every border of the standard."""

import pytest

from apps.delivery import sms_text


@pytest.mark.parametrize(
    ("text", "length", "segments"),
    [
        ("", 0, 1),
        ("a" * 160, 160, 1),
        ("a" * 161, 161, 2),
        ("a" * 306, 306, 2),
        ("a" * 307, 307, 3),
        ("€" * 80, 160, 1),
        ("€" * 81, 162, 2),
        # 152 + 2 do not fit 153: the escape is not torn from its character.
        ("a" * 152 + "€" * 77, 306, 3),
        ("я" * 70, 70, 1),
        ("я" * 71, 71, 2),
        ("я" * 134, 134, 2),
        ("я" * 135, 135, 3),
        ("🙂" * 35, 70, 1),
        ("🙂" * 36, 72, 2),
        # 33 pairs are 66 of 67: the 34th begins another.
        ("🙂" * 67, 134, 3),
        ("a" * 69 + "🙂", 71, 2),
    ],
)
def test_segments_are_counted(text: str, length: int, segments: int) -> None:
    assert (sms_text.length(text), sms_text.segments(text)) == (length, segments)


def test_one_foreign_character_makes_the_whole_text_ucs2() -> None:
    assert sms_text.is_gsm("Grüße, 5 €")
    assert not sms_text.is_gsm("Grüße, 5 ₽")
