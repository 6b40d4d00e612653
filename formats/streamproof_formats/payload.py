"""Tells JSON from other text where only that is asked, not the value."""

from __future__ import annotations

import json
from typing import Final, NoReturn


def _refuse(constant: str) -> NoReturn:
    # Python reads NaN and Infinity; RFC 8259, section 6, does not permit them.
    raise ValueError(constant)


# Integers stay text: Python refuses to convert very long ones, which JSON allows.
_decoder: Final = json.JSONDecoder(parse_constant=_refuse, parse_int=str)


def is_json(text: str) -> bool:
    """Whether the text is JSON; True also for JSON that is nested too deeply to be read to its end."""
    try:
        _decoder.decode(text)
    except RecursionError:
        return True
    except ValueError:
        return False
    return True


def is_payload(text: str) -> bool:
    """Whether the text is what an event carries: a JSON object or array."""
    return text.lstrip(" \t\n\r").startswith(("{", "[")) and is_json(text)
