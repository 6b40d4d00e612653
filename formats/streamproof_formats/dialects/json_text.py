"""Reads the JSON text of an event as RFC 8259 has it, and says in words why it cannot."""

from __future__ import annotations

import json
from typing import Any, Final, NoReturn

from streamproof_formats.dialects.wording import quoted

LONGEST_INTEGER: Final = 4000
"""Digits of an integer that are read; Python refuses to convert more than 4300."""


class NotJson(ValueError):  # noqa: N818 - a result to report, not a fault of the program
    """The text is not JSON; the message says what was found."""


def _refuse(constant: str) -> NoReturn:
    # The grammar has no Infinity and no NaN, and values that it cannot express "are not permitted".
    # -- RFC 8259, section 6
    raise NotJson(f"{constant} is no JSON number")


def _integer(digits: str) -> int:
    return int(digits[:LONGEST_INTEGER])


_strict: Final = json.JSONDecoder(parse_constant=_refuse)
_patient: Final = json.JSONDecoder(parse_constant=_refuse, parse_int=_integer)


def read(text: str) -> Any:
    """The value of a JSON text; of repeated keys the last counts.

    Raises NotJson, for JSON that is nested too deeply to be read as well.
    """
    try:
        try:
            return _strict.decode(text)
        except (json.JSONDecodeError, NotJson):
            raise
        except ValueError:
            return _patient.decode(text)
    except json.JSONDecodeError as fault:
        raise NotJson(f"{fault.msg} at character {fault.pos} of {quoted(text)}") from None
    except RecursionError:
        raise NotJson(f"too deeply nested to be read: {quoted(text)}") from None
