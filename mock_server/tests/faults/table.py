"""Every fault of the language, and every transport that it can be played over: the rows and columns of docs/faults.md."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import attrs

from streamproof_scenarios.cases import cases
from streamproof_scenarios.compiler import compile_case
from streamproof_scenarios.loader import loads
from streamproof_scenarios.plan import Plan

A, B = '{raw: "data: a\\n\\n"}', '{raw: "data: b\\n\\n"}'
HALF_B = '{raw: "data: b\\n\\n", keep: 4}'
WHOLE, CUT, NOTHING = f"steps: [{A}, cut, {B}]", f"steps: [{A}, cut, {HALF_B}]", "steps: []"


@attrs.frozen(kw_only=True)
class Fault:
    """One row."""

    says: str
    """What an author writes of the answer."""
    lacks: int | None = 0
    """By how much the announced length is greater than the body; None where the fault is not one of lengths."""
    only: tuple[str, ...] = ()
    """The columns in which it can be said; all of them where empty."""
    why_not: str = ""
    """Why it cannot be said in the others."""


@attrs.frozen(kw_only=True)
class Column:
    """One column: how the answer is framed, and what the client speaks."""

    title: str
    says: str = ""
    http: str = "1.1"
    """What the request's first line says; `2` is HTTP/2."""
    is_tls: bool = False


COLUMNS: Final[Mapping[str, Column]] = {
    "chunked": Column(title="HTTP/1.1, chunked"),
    "length": Column(title="HTTP/1.1, length", says="framing: length, "),
    "close": Column(title="HTTP/1.1, close", says="framing: close, "),
    "1.0": Column(title="answer to HTTP/1.0", http="1.0"),
}
H1: Final = tuple(name for name, column in COLUMNS.items() if column.http != "2")
CHUNKS: Final = tuple(name for name, column in COLUMNS.items() if column.http == "1.1" and not column.says)

FAULTS: Final[Mapping[str, Fault]] = {
    "no fault": Fault(says=WHOLE),
    "no fault, `connection: close`": Fault(says=f"connection: close, {WHOLE}", only=H1, why_not="HTTP/2 has no such header"),
    "FIN after the last byte": Fault(says=f"{WHOLE}, end: fin"),
    "FIN after 13 bytes": Fault(says=f"{CUT}, end: fin", lacks=5),
    "FIN after the head": Fault(says=f"{NOTHING}, end: fin", lacks=18),
    "FIN in the head": Fault(says=f"{NOTHING}, end: {{fin: in-head}}", lacks=18, only=H1, why_not="HTTP/2 has no such half"),
    "FIN before the head": Fault(says=f"{NOTHING}, end: {{fin: before-head}}"),
    "RST after the last byte": Fault(says=f"{WHOLE}, end: reset"),
    "RST after 13 bytes": Fault(says=f"{CUT}, end: reset", lacks=5),
    "RST after the head": Fault(says=f"{NOTHING}, end: reset", lacks=18),
    "RST in the head": Fault(says=f"{NOTHING}, end: {{reset: in-head}}", lacks=18, only=H1, why_not="HTTP/2 has no such half"),
    "RST before the head": Fault(says=f"{NOTHING}, end: {{reset: before-head}}"),
    "silence after the terminator": Fault(says=f"steps: [{A}, cut, done], end: stall", lacks=1),
    "silence after 13 bytes": Fault(says=f"{CUT}, end: stall", lacks=5),
    "silence after the head": Fault(says=f"{NOTHING}, end: stall", lacks=18),
    "silence in the head": Fault(
        says=f"{NOTHING}, end: {{stall: in-head}}", lacks=18, only=H1, why_not="HTTP/2 has no such half"
    ),
    "silence before the head": Fault(says=f"{NOTHING}, end: {{stall: before-head}}"),
    "a status that is no number": Fault(says=f"{NOTHING}, end: bad-head", lacks=18),
    "a header line without a colon": Fault(
        says=f"{NOTHING}, end: bad-header", lacks=18, only=H1, why_not="HTTP/2 has no such lines"
    ),
    "cut inside a chunk": Fault(says=f"{WHOLE}, end: in-chunk", only=CHUNKS, why_not="no chunks"),
    "a chunk size that is none": Fault(says=f"{WHOLE}, end: bad-chunk", only=CHUNKS, why_not="no chunks"),
    "a length 500 too great": Fault(says=WHOLE, lacks=500, only=("length",), why_not="no length"),
    "a length 9 too small": Fault(says=WHOLE, lacks=-9, only=("length",), why_not="no length"),
    "refused": Fault(says=f"{NOTHING}, end: refuse"),
    "RST on accept": Fault(says=f"{NOTHING}, end: reset-on-accept"),
}  # fmt: skip


def plan_of(fault: Fault, column: Column) -> Plan:
    """What is played, as the language says it."""
    off = f"length_off_by: {fault.lacks}, " if "length" in column.says and fault.lacks else ""
    answer = f"headers: {{content-type: text/event-stream, cache-control: null}}, {column.says}{off}{fault.says}"
    (case,) = cases(loads(f"dialect: openai-chat\nstream: {{{answer}}}\n", path="faults.yaml", id="faults"))
    return compile_case(case)


def is_sayable(fault: Fault, name: str) -> bool:
    """True where the fault has a meaning in the column of this name."""
    return not fault.only or name in fault.only
