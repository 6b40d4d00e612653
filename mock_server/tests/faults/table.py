"""Every fault of the language, and every transport that it can be played over: the rows and columns of docs/faults.md."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import attrs

from streamproof_scenarios.cases import cases
from streamproof_scenarios.compiler import compile_case
from streamproof_scenarios.loader import loads
from streamproof_scenarios.plan import Plan
from streamproof_scenarios.transports import Transport

A, B = '{raw: "data: a\\n\\n"}', '{raw: "data: b\\n\\n"}'
HALF_B = '{raw: "data: b\\n\\n", keep: 4}'
WHOLE, CUT, NOTHING = f"steps: [{A}, cut, {B}]", f"steps: [{A}, cut, {HALF_B}]", "steps: []"


@attrs.frozen(kw_only=True)
class Fault:
    """One row."""

    says: str
    """What an author writes of the answer."""
    lacks: int = 0
    """By how much the announced length, where there is one, is greater than the body."""
    only: tuple[str, ...] = ()
    """The columns in which it can be said; all of them where empty."""
    why_not: str = ""
    """Why it cannot be said in the others."""

    @property
    def is_before_request(self) -> bool:
        """True where no HTTP is spoken, so that none can be asked for."""
        return self.says.endswith(("end: refuse", "end: reset-on-accept", "end: tls-stall"))


@attrs.frozen(kw_only=True)
class Column:
    """One column: how the answer is framed, and what the client speaks."""

    title: str
    says: str = ""
    http: str = "1.1"
    """What the request's first line says; `2` is HTTP/2."""
    transport: Transport = "h1"

    @property
    def is_tls(self) -> bool:
        return self.transport in {"h1-tls", "h2"}


COLUMNS: Final[Mapping[str, Column]] = {
    "chunked": Column(title="HTTP/1.1, chunked"),
    "length": Column(title="HTTP/1.1, length", says="framing: length, "),
    "close": Column(title="HTTP/1.1, until close", says="framing: close, "),
    "1.0": Column(title="answer to HTTP/1.0", http="1.0"),
    "tls": Column(title="HTTP/1.1, chunked, TLS", transport="h1-tls"),
    "h2c": Column(title="HTTP/2 (h2c)", says="http: h2, ", http="2", transport="h2c"),
    "h2": Column(title="HTTP/2, TLS", says="http: h2, ", http="2", transport="h2"),
}
H1: Final = tuple(name for name, column in COLUMNS.items() if column.http != "2")
H2: Final = tuple(name for name, column in COLUMNS.items() if column.http == "2")
TLS: Final = tuple(name for name, column in COLUMNS.items() if column.is_tls)
CHUNKS: Final = tuple(name for name, column in COLUMNS.items() if column.http == "1.1" and not column.says)

_NO_CHUNKS, _NO_LENGTH = "no chunks", "no length"
FAULTS: Final[Mapping[str, Fault]] = {
    "no fault": Fault(says=WHOLE),
    "no fault, `connection: close`": Fault(says=f"connection: close, {WHOLE}", only=H1, why_not="no such header"),
    "FIN after the last byte": Fault(says=f"{WHOLE}, end: fin"),
    "FIN after 13 bytes": Fault(says=f"{CUT}, end: fin", lacks=5),
    "FIN after the head": Fault(says=f"{NOTHING}, end: fin", lacks=18),
    "FIN in the head": Fault(says=f"{NOTHING}, end: {{fin: in-head}}", lacks=18),
    "FIN before the head": Fault(says=f"{NOTHING}, end: {{fin: before-head}}"),
    "RST after the last byte": Fault(says=f"{WHOLE}, end: reset"),
    "RST after 13 bytes": Fault(says=f"{CUT}, end: reset", lacks=5),
    "RST after the head": Fault(says=f"{NOTHING}, end: reset", lacks=18),
    "RST in the head": Fault(says=f"{NOTHING}, end: {{reset: in-head}}", lacks=18),
    "RST before the head": Fault(says=f"{NOTHING}, end: {{reset: before-head}}"),
    "silence after the terminator": Fault(says=f"steps: [{A}, cut, done], end: stall", lacks=1),
    "silence after 13 bytes": Fault(says=f"{CUT}, end: stall", lacks=5),
    "silence after the head": Fault(says=f"{NOTHING}, end: stall", lacks=18),
    "silence in the head": Fault(says=f"{NOTHING}, end: {{stall: in-head}}", lacks=18),
    "silence before the head": Fault(says=f"{NOTHING}, end: {{stall: before-head}}"),
    "a status that is no number": Fault(says=f"{NOTHING}, end: bad-head", lacks=18),
    "a header line without a colon": Fault(says=f"{NOTHING}, end: bad-header", lacks=18),
    "cut inside a chunk": Fault(says=f"{WHOLE}, end: in-chunk", only=CHUNKS, why_not=_NO_CHUNKS),
    "a chunk size that is none": Fault(says=f"{WHOLE}, end: bad-chunk", only=CHUNKS, why_not=_NO_CHUNKS),
    "a length 500 too great": Fault(says=WHOLE, lacks=500, only=("length", *H2), why_not=_NO_LENGTH),
    "a length 9 too small": Fault(says=WHOLE, lacks=-9, only=("length", *H2), why_not=_NO_LENGTH),
    "TLS without close_notify": Fault(says=f"{CUT}, end: no-close-notify", only=TLS, why_not="no TLS"),
    "RST_STREAM": Fault(says=f"{CUT}, end: {{rst-stream: INTERNAL_ERROR}}", only=H2, why_not="no frames"),
    "GOAWAY, hard": Fault(says=f"{CUT}, end: goaway", only=H2, why_not="no frames"),
    "GOAWAY, graceful": Fault(says=f"steps: [{A}, goaway: graceful, {B}]", only=H2, why_not="no frames"),
    "refused": Fault(says=f"{NOTHING}, end: refuse"),
    "RST on accept": Fault(says=f"{NOTHING}, end: reset-on-accept"),
    "a TLS handshake that stalls": Fault(says=f"{NOTHING}, end: tls-stall", only=TLS, why_not="no TLS"),
}  # fmt: skip


def plan_of(fault: Fault, column: Column) -> Plan:
    """What is played, as the language says it."""
    has_length = "length" in column.says or (column.http == "2" and "length" in fault.only)
    off = f"length_off_by: {fault.lacks}, " if has_length and fault.lacks else ""
    framing = "" if fault.is_before_request else column.says
    answer = f"headers: {{content-type: text/event-stream, cache-control: null}}, {framing}{off}{fault.says}"
    (case,) = cases(loads(f"dialect: openai-chat\nstream: {{{answer}}}\n", path="faults.yaml", id="faults"))
    return compile_case(case)


def is_sayable(fault: Fault, name: str) -> bool:
    """True where the fault has a meaning in the column of this name."""
    return not fault.only or name in fault.only
