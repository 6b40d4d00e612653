"""The rules on citations: where they come, and that they are of the text."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from streamproof_formats.dialects.base import integer
from streamproof_formats.dialects.wording import number, quoted

if TYPE_CHECKING:
    from streamproof_formats.dialects.breaches import Breaches, Place
    from streamproof_formats.dialects.cohere_v2.assembler import Draft

MOST: Final = 1024
"""Citations whose place in the text is judged."""

IN_TEXT: Final = (None, "TEXT_CONTENT")
"""Types of a citation of the text; those of the thinking and of the plan count in another."""


class Citations:
    """The citations of one answer."""

    def __init__(self, breaches: Breaches) -> None:
        self._breaches = breaches
        self._kept: list[tuple[str, int, int, Place]] = []
        self._count = 0

    def take(self, citation: dict[str, Any], draft: Draft, *, inside: bool) -> None:
        """Judges where a citation comes; `inside` tells whether a block of content is open."""
        if not inside:
            self._breaches.add("CO-11b", "expected a citation inside a block of content, found one outside")
        self._count += 1
        text = citation.get("text")
        if self._count > MOST or citation.get("type") not in IN_TEXT or not isinstance(text, str) or not text:
            return
        if text not in (draft.text.text or ""):
            self._breaches.add("CO-11b", f"expected a citation after its text, found {quoted(text)} before it")
        start, end = integer(citation.get("start")), integer(citation.get("end"))
        if start is not None and end is not None:
            self._kept.append((text, start, end, self._breaches.place))

    def judge(self, draft: Draft) -> None:
        """Judges, once the text is whole, whether each citation has its slice of it."""
        if not self._kept:
            return
        text = draft.text.text or ""
        # No document says what is counted: characters or halves of them in UTF-16.
        wide = text.encode("utf-16-le", "surrogatepass")
        for cited, start, end, place in self._kept:
            inside = 0 <= start <= end
            halves = wide[2 * start : 2 * end].decode("utf-16-le", "replace") if inside else ""
            if not inside or cited not in (text[start:end], halves):
                found = quoted(text[start:end]) if inside else f"from {number(start)} to {number(end)}"
                self._breaches.add(
                    "CO-12", f"expected {quoted(cited)} where the citation says, found {found}", place=place
                )
