"""What a report shows of an answer: its bytes around the place, when they came, the command that asks again."""

from __future__ import annotations

import base64
import json
import shlex
from collections.abc import Iterable
from typing import Any, Final

from streamproof.judging.recorded import Recorded
from streamproof.probing.call import Called, Endpoint
from streamproof.probing.masking import Mask
from streamproof.probing.probes import Asking, Probe
from streamproof_formats.finding import Finding
from streamproof_reports.document import WireEvent

EXCERPT: Final = 4096
MARKS: Final = 200
SHOWN: Final = 200

_ENDS: Final = {"eof": "the server closed", "reset": "the server reset", None: "the body ended"}
_STOPS: Final = {"time": "the time was up", "bytes": "enough bytes had come", "asked": "left on purpose"}


def evidence(called: Called, recorded: Recorded, findings: Iterable[Finding], mask: Mask) -> dict[str, Any]:
    """The fields of a result that show what came."""
    body = mask.data(recorded.body)
    # A finding without a place is most often about what is missing at the end.
    place = next((finding.start for finding in findings if finding.start is not None), len(body))
    start = max(0, min(place - EXCERPT // 2, len(body) - EXCERPT))
    return {
        "sent": base64.b64encode(body[start : start + EXCERPT]).decode("ascii"),
        "sent_from": start,
        "sent_total": len(body),
        "timeline": timeline(called, recorded, mask),
    }


def timing(called: Called, recorded: Recorded) -> str:
    """When the first bytes came, and how many in all."""
    first_ms = (called.recording.reads[0][0] - called.started_ns) / 1e6
    reads = len(called.recording.reads)
    counted = f"{reads} read{'s' if reads > 1 else ''}"
    return f"first bytes after {first_ms:.0f} ms, {counted}, {len(recorded.body)} bytes of body"


def timeline(called: Called, recorded: Recorded, mask: Mask) -> tuple[WireEvent, ...]:
    """The request, the reads and the end; of very many reads the first."""
    recording = called.recording

    def mark(at_ns: int, kind: str, text: str) -> WireEvent:
        at_ms = round((at_ns - called.started_ns) / 1e6, 3)
        lane = "client" if kind in {"request", "left"} else "server"
        return WireEvent(at_ms=at_ms, lane=lane, kind=kind, text=text)  # type: ignore[arg-type]

    marks = [] if recording.sent_ns is None else [mark(recording.sent_ns, "request", "request sent")]
    pieces = mask.pieces(recording.pieces)
    # The framing, or an encoding, may part a key in a way that hides it from the mask.
    is_shown = mask.hidden(recorded.body) <= mask.hidden(b"".join(recording.pieces))
    for (at_ns, _), data in zip(recording.reads[:MARKS], pieces, strict=False):
        text = data[:SHOWN].decode("utf-8", "replace") if is_shown else f"{len(data)} bytes"
        marks.append(mark(at_ns, "write", text))
    if called.stopped is not None:
        marks.append(mark(called.stopped_ns, "left", _STOPS[called.stopped]))
    else:
        marks.append(mark(recording.end_ns or recording.reads[-1][0], "end", _ENDS[recording.end]))
    return tuple(marks)


def curl(endpoint: Endpoint, probe: Probe, asking: Asking, key_variable: str) -> str:
    """The probe as a command of curl; the key stays in its variable."""
    body = probe.body(asking)
    content = body.decode() if isinstance(body, bytes) else json.dumps(body)
    words = ["curl", "-sN", shlex.quote(endpoint.url), "-H 'content-type: application/json'"]
    words.append(f"-H 'accept: {probe.accept}'")
    words += [f"-H {shlex.quote(f'{name}: {value}')}" for name, value in endpoint.headers.items()]
    if probe.wrong_key:
        words.append(f"-H '{endpoint.key_header}: not a key'")
    elif endpoint.key is not None:
        bearer = "Bearer " if endpoint.key_header.lower() == "authorization" else ""
        words.append(f'-H "{endpoint.key_header}: {bearer}${key_variable}"')
    return " ".join([*words, "-d", shlex.quote(content)])
