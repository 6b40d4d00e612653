"""Reads the JSON text of an event as RFC 8259 has it, and says in words why it cannot."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, Final, NoReturn

from streamproof_formats.dialects.wording import quoted

LONGEST_INTEGER: Final = 4000
"""Digits of an integer that are read; Python refuses to convert more than 4300."""


class NotJson(ValueError):  # noqa: N818 - a result to report, not a fault of the program
    """The text is not JSON; the message says what was found.

    It is written only when it is asked for: of a million bad events few are told.
    """

    def __init__(self, fault: str, text: str | None = None) -> None:
        super().__init__(fault, text)
        self._fault = fault
        self._text = text

    def __str__(self) -> str:
        return self._fault if self._text is None else f"{self._fault} {quoted(self._text)}"

    def told(self, expected: str) -> Callable[[], str]:
        """What a finding says that tells of it, once it is asked for."""
        return lambda: f"{expected}, found no JSON: {self}"


def _refuse(constant: str) -> NoReturn:
    # The grammar has no Infinity and no NaN, and values that it cannot express "are not permitted".
    # -- RFC 8259, section 6
    raise NotJson(f"{constant} is no JSON number")


def _integer(digits: str) -> int:
    return int(digits[:LONGEST_INTEGER])


_strict: Final = json.JSONDecoder(parse_constant=_refuse)
_patient: Final = json.JSONDecoder(parse_constant=_refuse, parse_int=_integer)
# An attribute of the decoder that its type stubs leave out.
_scan: Final[Callable[[str, int], tuple[Any, int]]] = vars(_strict)["scan_once"]


def read(text: str) -> Any:
    """The value of a JSON text; of repeated keys the last counts.

    Raises NotJson, for JSON that is nested too deeply to be read as well.
    """
    # The usual text has no space around its value, and the scanner alone saves the search for it.
    try:
        value, end = _scan(text, 0)
        if end == len(text):
            return value
    except StopIteration as stop:
        if not text.startswith((" ", "\t", "\n", "\r")):
            raise NotJson(f"Expecting value at character {stop.value} of", text) from None
    except (ValueError, RecursionError):
        pass
    return _read_slowly(text)


def _read_slowly(text: str) -> Any:
    try:
        try:
            return _strict.decode(text)
        except (json.JSONDecodeError, NotJson):
            raise
        except ValueError:
            return _patient.decode(text)
    except json.JSONDecodeError as fault:
        raise NotJson(f"{fault.msg} at character {fault.pos} of", text) from None
    except RecursionError:
        raise NotJson("too deeply nested to be read:", text) from None
