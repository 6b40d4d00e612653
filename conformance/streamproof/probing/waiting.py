"""How long to wait before an endpoint is asked again."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Final

from streamproof_formats.response import ResponseHead

LONGEST_S: Final = 10.0
"""An endpoint that asks for more is not asked again."""
FIRST_S: Final = 1.0

_SECONDS: Final = re.compile(r"[0-9]{1,9}", re.ASCII)


def wait_s(head: ResponseHead | None, tries: int) -> float:
    """What Retry-After asks for; without it 1 s, 2 s, 4 s after the first, second, third try, and 10 s at most.

    "The value of this field can be either an HTTP-date or a number of seconds to delay" -- RFC 9110, section 10.2.3.
    A date counts from the answer's own Date, so that clocks need not agree.
    """
    asked = (head.header("retry-after") or "").strip() if head is not None else ""
    if _SECONDS.fullmatch(asked):
        return float(asked)
    due, now = _date(asked), _date(head.header("date") if head is not None else None)
    if due is not None and now is not None:
        return max(0.0, (due - now).total_seconds())
    return min(FIRST_S * (1 << (tries - 1)), LONGEST_S)


def _date(text: str | None) -> datetime | None:
    try:
        date = None if not text else parsedate_to_datetime(text.strip())
    except (ValueError, TypeError, OverflowError):
        return None
    # The zone -0000 comes without one.
    return date.replace(tzinfo=UTC) if date is not None and date.tzinfo is None else date
