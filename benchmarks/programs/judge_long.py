"""Judges a stream that goes on and on, and says at each mark what it has cost.  `judge_long.py DIALECT BODY MARK...`.

The stream is the first event of the body, then the others but the last two again and again, then those two.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

from streamproof_formats.judge import Judge

SLICE_EVENTS = 1000

dialect, path, marks = sys.argv[1], Path(sys.argv[2]), [int(word) for word in sys.argv[3:]]
first, *middle, finish, done = [event + b"\n\n" for event in path.read_bytes().split(b"\n\n")[:-1]]
slices = [b"".join(middle[start : start + SLICE_EVENTS]) for start in range(0, SLICE_EVENTS * 8, SLICE_EVENTS)]


def memory_bytes() -> int:
    status = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in status if line.startswith("VmRSS"))


warm = Judge(dialect, keep_events=False)
warm.receive_data(first + slices[0])

judge = Judge(dialect, keep_events=False)
judge.receive_data(first)
told, cpu_ns, events, number = [], 0, 0, 0
for mark in marks:
    while events < mark:
        begun_ns = time.process_time_ns()
        judge.receive_data(slices[number % len(slices)])
        cpu_ns += time.process_time_ns() - begun_ns
        events += SLICE_EVENTS
        number += 1
    told.append({"events": events, "cpu_ns": cpu_ns, "memory_bytes": memory_bytes()})
judge.receive_data(finish + done)
judgement = judge.close()
assert judgement.message is not None
findings = [finding.rule for finding in judgement.findings]
print(json.dumps({"marks": told, "findings": findings, "text_chars": len(judgement.message.choices[0].text)}))
