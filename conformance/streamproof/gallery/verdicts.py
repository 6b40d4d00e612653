"""`verdicts.txt` beside a client: the cases that do not pass, kept so that a change of verdict is seen."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Final

import attrs

from streamproof.adapters.spec import ClientSpec
from streamproof.errors import StreamproofError
from streamproof.gallery.row import WRONG, Row

FILE_NAME: Final = "verdicts.txt"

_HEAD: Final = (
    "# Cases that do not pass: entry, verdict, case, delivery.  Written by `streamproof clients results --verdicts`;\n"
    "# known-flaky.txt names the cases that are left out here.\n"
)


@attrs.frozen(order=True)
class Line:
    """One case of one entry that does not pass."""

    entry: str
    case: str
    delivery: str
    verdict: str


def lines_of(row: Row) -> tuple[Line, ...]:
    """What the file should say of this client, sorted."""
    return tuple(
        sorted(
            Line(row.spec.entry, case.case, case.delivery or "", case.verdict)
            for case in row.cases
            if case.verdict in WRONG and not row.is_known_flaky(case)
        )
    )


def write_verdicts(rows: Sequence[Row]) -> list[Path]:
    """Writes the file of each client that ran with all its entries; returns the paths."""
    written = []
    for folder in dict.fromkeys(row.spec.cwd for row in rows):
        own = [row for row in rows if row.spec.cwd == folder]
        if folder is not None and all(row.hello is not None for row in own):
            path = Path(folder, FILE_NAME)
            path.write_text(_HEAD + "".join(_written(line) for row in own for line in lines_of(row)), "utf-8")
            written.append(path)
    return written


def read_verdicts(spec: ClientSpec) -> tuple[Line, ...]:
    """What is expected of this entry.  StreamproofError if the file is missing or wrong."""
    path = Path(spec.cwd or "", FILE_NAME)
    try:
        text = path.read_text("utf-8")
    except OSError as error:
        fix = "write it with `streamproof clients results --verdicts`"
        raise StreamproofError(f"{path}: cannot be read: {error.strerror}", fix) from error
    return tuple(line for line in _parsed(text.splitlines(), path) if line.entry == spec.entry)


def changes(before: Iterable[Line], now: Iterable[Line]) -> list[str]:
    """What is different, one sentence for each case."""
    old, new = ({(line.case, line.delivery): line.verdict for line in lines} for lines in (before, now))
    return [
        f"{case} [{delivery}]: was {old.get((case, delivery), 'pass or skip')}, "
        f"is {new.get((case, delivery), 'pass or skip')}"
        for case, delivery in sorted(old.keys() | new.keys())
        if old.get((case, delivery)) != new.get((case, delivery))
    ]


def _written(line: Line) -> str:
    return f"{line.entry} {line.verdict} {line.case} {line.delivery}\n"


def _parsed(lines: Iterable[str], path: Path) -> Iterable[Line]:
    for number, text in enumerate(lines, 1):
        words = text.split()
        if not words or words[0].startswith("#"):
            continue
        if len(words) != 4 or words[1] not in WRONG:
            raise StreamproofError(f"{path}:{number}: expected `ENTRY VERDICT CASE DELIVERY`, found {text!r}")
        entry, verdict, case, delivery = words
        yield Line(entry, case, delivery, verdict)
