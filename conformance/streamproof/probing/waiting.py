"""How long to wait before an endpoint is asked again."""

from __future__ import annotations

from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import Final

from streamproof_formats.response import ResponseHead

LONGEST_S: Final = 10.0
FIRST_S: Final = 0.5


def wait_s(head: ResponseHead | None, tries: int) -> float:
    """What Retry-After asks for, 10 s at most; without it 1 s, 2 s, 4 s after the first, second, third try.

    "The value of this field can be either an HTTP-date or a number of seconds to delay" -- RFC 9110, section 10.2.3.
    A date counts from the answer's own Date, so that clocks need not agree.
    """
    asked = head.header("retry-after") if head is not None else None
    if asked is not None and asked.strip().isdigit():
        return min(float(asked), LONGEST_S)
    due, now = _date(asked), _date(head.header("date") if head is not None else None)
    if due is not None and now is not None:
        return float(min(max(0.0, (due - now).total_seconds()), LONGEST_S))
    return min(FIRST_S * (1 << tries), LONGEST_S)


def _date(text: str | None) -> datetime | None:
    try:
        return None if text is None else parsedate_to_datetime(text.strip())
    except ValueError:
        return None
