"""RESULTS.md: one section for each table, each replaced alone.  Text in, text out."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Final

from streamproof_bench.figures import Outcome, shown

HEAD: Final = """\
# Results of the benchmarks

What is measured and how: [README.md](README.md).  A run replaces the sections of its own tables and leaves the rest.
"""

_SECTION: Final = "<!-- table: {name} -->\n{text}\n<!-- end: {name} -->\n"
_RIGHT: Final = re.compile(r"[-<>~ ]*[0-9][0-9,.]*( ?(x|%|s|ms|µs|MB|kB|B))?|-")


def table(titles: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A Markdown table; columns of figures stand on the right."""
    cells = [[_cell(cell) for cell in row] for row in rows]
    for row in cells:
        if len(row) != len(titles):
            raise ValueError(f"expected {len(titles)} cells as in the head {titles}, found {len(row)}: {row}")
    right = [
        bool(cells) and all(_RIGHT.fullmatch(row[column]) for row in cells) and any(row[column] != "-" for row in cells)
        for column in range(len(titles))
    ]
    rule = ["---:" if is_right else "---" for is_right in right]
    return "\n".join(f"| {' | '.join(row)} |" for row in ([_cell(title) for title in titles], rule, *cells))


def _cell(text: str) -> str:
    return " ".join(text.replace("|", "\\|").split())


def targets(outcomes: Iterable[Outcome], *, is_judged: bool) -> str:
    """The table of targets; a quick run shows its figures, and judges none of them."""
    rows = []
    for outcome in outcomes:
        target = outcome.target
        measured = shown(outcome.measured, target.unit) + (f" ({outcome.note})" if outcome.note else "")
        rows.append(
            (
                target.what,
                "-" if target.must is None else f"{target.sense} {shown(target.must, target.unit)}",
                shown(target.goal, target.unit),
                measured,
                target.met(outcome.measured) if is_judged else "not judged: quick, or too few rounds",
            )
        )
    return table(("target", "must", "goal", "measured", "met"), rows)


def section(name: str, text: str) -> str:
    """A section with the marks by which it is found again."""
    return _SECTION.format(name=name, text=text.strip())


def replaced(document: str, name: str, text: str, order: Sequence[str]) -> str:
    """The document with the section `name` replaced, or put in where `order` has it; all else stays as it is."""
    new = section(name, text)
    document = document or HEAD
    old = _found(document, name)
    if old is not None:
        return document[: old.start()] + new + document[old.end() :]
    later = order[order.index(name) + 1 :] if name in order else ()
    following = [match.start() for other in later if (match := _found(document, other))]
    place = min(following, default=len(document))
    before, after = document[:place].rstrip("\n"), document[place:]
    return f"{before}\n\n{new}" + (f"\n{after}" if after else "")


def _found(document: str, name: str) -> re.Match[str] | None:
    marks = (re.escape(f"<!-- {word}: {name} -->") for word in ("table", "end"))
    return re.search(rf"(?ms)^{next(marks)}\n.*?^{next(marks)}\n?", document)
