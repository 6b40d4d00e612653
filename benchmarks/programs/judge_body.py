"""Judges a recorded body, once to warm up and once to be measured.  `judge_body.py DIALECT BODY PIECE_BYTES`."""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

from streamproof.judging.recorded import Recorded, judge_body

dialect, path, piece_bytes = sys.argv[1], Path(sys.argv[2]), int(sys.argv[3])
body = path.read_bytes()
pieces = [body[start : start + piece_bytes] for start in range(0, len(body), piece_bytes)]


def judged() -> Recorded:
    return judge_body(pieces, dialect, request=None, profile="strict")


recorded = judged()
begun_ns = time.process_time_ns()
judged()
cpu_ns = time.process_time_ns() - begun_ns
message = recorded.judgement.message
assert message is not None
print(
    json.dumps(
        {
            "cpu_ns": cpu_ns,
            "events": len(recorded.judgement.events),
            "text": message.choices[0].text,
            "findings": [finding.rule for finding in recorded.findings],
        }
    )
)
