"""docs/faults.md, from what a stranger heard."""

from __future__ import annotations

from collections.abc import Mapping

from .notation import written
from .stranger import Heard
from .table import COLUMNS, FAULTS, HALF_B, A, B, Fault, is_sayable

_INTRODUCTION = f"""\
# Faults on the wire

What a client of raw sockets saw of each fault over each transport. This page is written by a test run
(`mock_server/tests/faults`), and another test run fails where it says something else; `STREAMPROOF_WRITE=1` writes it anew.

The body has two events of nine bytes each: `A` is `{A}`, `B` is `{B}`.
Between them the language has a `cut`: the client has read the first before the second is sent. So each line also shows
that what was promised arrives before the fault, and that "13 bytes" are thirteen.

Before the semicolon is what came: `head` is a whole one; `chunk 9` a whole chunk, `9 of chunk 25` the beginning of one;
`13 of 18` bytes of an announced length; a lone number the bytes of a body that ends with its connection; for HTTP/2 the
frames, housekeeping left out. Behind it is the end: `FIN`, `RST`, over TLS `close_notify` before a FIN, or `silence`:
nothing more came, and the connection stayed open. `-` stands where the fault has no meaning.
"""

_LANGUAGE = """\

## How they are said

One answer of a scenario's `stream`; `framing: length` with the `length_off_by` that makes 18 bytes be announced,
`framing: close` or `http: h2` come in front for the columns of these names.

| fault | in the language |
|---|---|
"""

_CLIENTS = """\

## What clients make of them

The same is played to curl (over all of it), httpx (HTTP/1.1, and HTTP/2 over TLS), requests and Node's `fetch` (HTTP/1.1).
They report what HTTP says, the bytes that came and whether the body is whole, but for these, in the versions that were
tried last:

| client | fault | over | it reports |
|---|---|---|---|
"""

Otherwise = Mapping[str, Mapping[tuple[str, str], tuple[int, str]]]


def document(heard: Mapping[tuple[str, str], Heard], otherwise: Otherwise) -> str:
    """The whole page.  `otherwise` is what clients report in another way than HTTP would have it."""
    lines = [
        f"| fault | {' | '.join(column.title for column in COLUMNS.values())} |",
        f"|---|{'---|' * len(COLUMNS)}",
    ]
    for name, fault in FAULTS.items():
        cells = [
            written(heard[name, column], COLUMNS[column].http) if is_sayable(fault, column) else f"- ({fault.why_not})"
            for column in COLUMNS
        ]
        lines.append(f"| {name} | {' | '.join(cells)} |")
    said = [f"| {name} | `{_shown(fault)}` |" for name, fault in FAULTS.items()]
    differing = [
        f"| {client} | {fault} | {COLUMNS[name].title} | {_report(*report)} |"
        for client, rows in otherwise.items()
        for (fault, name), report in sorted(rows.items())
    ]
    table, language, clients = ("\n".join(rows) + "\n" for rows in (lines, said, differing))
    return f"{_INTRODUCTION}\n{table}{_LANGUAGE}{language}{_CLIENTS}{clients}"


def _shown(fault: Fault) -> str:
    length = f"length_off_by: {fault.lacks}, " if "length" in fault.only else ""
    return length + fault.says.replace(HALF_B, "{B, keep: 4}").replace(A, "A").replace(B, "B")


def _report(size: int, how: str) -> str:
    return f"{size} bytes, {how}"
