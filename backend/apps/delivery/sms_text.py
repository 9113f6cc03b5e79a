"""How long a text is as SMS (3GPP TS 23.038, 23.040): units and segments.

One character outside of the GSM alphabet makes the whole message UCS-2, in which a
message holds less than half as much.
"""

_BASIC = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà",
)
# These take two places: an escape, and themselves.
_EXTENSION = frozenset("\f^{}\\[~]|€")
_GSM_SINGLE, _GSM_PART = 160, 153
_UCS2_SINGLE, _UCS2_PART = 70, 67


def is_gsm(text: str) -> bool:
    """Say whether the text fits the GSM alphabet."""
    return all(each in _BASIC or each in _EXTENSION for each in text)


def length(text: str) -> int:
    """Say how many places a text takes: septets, or UTF-16 units."""
    return sum(_widths(text))


def segments(text: str) -> int:
    """Say how many SMS a text is sent as; an empty one as one."""
    single, part = (
        (_GSM_SINGLE, _GSM_PART) if is_gsm(text) else (_UCS2_SINGLE, _UCS2_PART)
    )
    widths = _widths(text)
    if sum(widths) <= single:
        return 1
    count, used = 1, 0
    for width in widths:
        # Neither an escape nor a surrogate pair is torn apart.
        if used + width > part:
            count, used = count + 1, 0
        used += width
    return count


def _widths(text: str) -> list[int]:
    if is_gsm(text):
        return [2 if each in _EXTENSION else 1 for each in text]
    return [2 if ord(each) > 0xFFFF else 1 for each in text]
