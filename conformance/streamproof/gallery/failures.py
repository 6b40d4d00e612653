"""`failures.md` beside a client: what makes its cases fail, in words for its maintainers."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

import attrs

from streamproof.adapters.spec import ClientSpec
from streamproof.errors import StreamproofError
from streamproof.running.known import KnownLine

FILE_NAME: Final = "failures.md"

_QUOTED: Final = re.compile(r"`([^`\n]+)`")
_PATTERN: Final = re.compile(r"[a-z0-9*-]+(?:/[a-z0-9*-]+)+(?:@[a-z-]+)?(?:\[[^\]]+\])?")
"""A scenario or a case, or a path pattern of them; code has dots, blanks or capitals."""


@attrs.frozen(kw_only=True)
class Failures:
    """The text, and the scenarios that it names in backquotes."""

    text: str = ""
    named: tuple[KnownLine, ...] = ()

    def explain(self, case_id: str) -> bool:
        """True if the text names the case, or its scenario, or a pattern of it."""
        return any(line.matches(case_id) for line in self.named)


def parse_failures(text: str) -> Failures:
    """Finds the patterns in the text."""
    found = (
        KnownLine(number=number, pattern=quoted[1])
        for number, line in enumerate(text.splitlines(), 1)
        for quoted in _QUOTED.finditer(line)
        if _PATTERN.fullmatch(quoted[1])
    )
    return Failures(text=text.strip(), named=tuple(found))


def read_failures(spec: ClientSpec) -> Failures:
    """The file beside the client's client.yaml; empty where there is none."""
    path = Path(spec.cwd or "", FILE_NAME)
    if spec.cwd is None or not path.is_file():
        return Failures()
    try:
        return parse_failures(path.read_text("utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise StreamproofError(f"{path}: expected text in UTF-8 that can be read: {error}") from error
