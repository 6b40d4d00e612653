"""A server's lifetime: its start and stop in a thread, and an interrupt in the middle of many streams."""

from __future__ import annotations

import json
import random
import re
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from streamproof_bench import machine
from streamproof_bench.answers import WrongAnswer
from streamproof_bench.figures import Outcome, Target, middle, shown, spread
from streamproof_bench.load import held_open
from streamproof_bench.machine import on_core
from streamproof_bench.material import GAP_S, Stream, drawn_texts, request
from streamproof_bench.program import measured
from streamproof_bench.results import table
from streamproof_bench.table import CannotMeasure, Finding, Setting, last_words

STREAMS: Final = 2000
_EVENTS: Final = 1500
"""More than are sent until the interrupt: opening the streams takes seconds."""
_TIMES: Final = 100
_START_S: Final = 30.0
_STOP_S: Final = 60.0
_ADDRESS: Final = re.compile(r"http://127\.0\.0\.1:(\d+)")

WAYS: Final = {"idle": "nothing is played", "stalls": "a stream stalls"}
IDLE: Final = Target(
    what="start and stop of `ServerThread` against bare Hypercorn on trio in a thread: wall time",
    unit="x",
    sense="at most",
    must=1.2,
)
STALLS: Final = Target(what="the same, stopped while a stream stalls", unit="x", sense="at most", must=1.2)
INTERRUPT: Final = Target(
    what=f"SIGINT with {STREAMS:,} open paced streams: until the process is gone, its journal whole",
    unit="s",
    sense="at most",
    must=1,
)


def run(setting: Setting) -> Finding:
    """Starts, stops and interrupts, round by round."""
    streams, times = round(setting.pick(STREAMS, 200)), round(setting.pick(_TIMES, 20))
    took_ms: dict[str, dict[str, list[float]]] = {way: {"ours": [], "bare": []} for way in WAYS}
    gone_s: list[float] = []
    for number in range(setting.rounds):
        setting.tell(f"lifetime: round {number + 1} of {setting.rounds}")
        told = measured("start_and_stop.py", times, core=setting.cores.server)
        for way, kept in took_ms.items():
            for whose, figures in kept.items():
                figures.append(1000 * (middle(told[way][whose]) or 0.0))
        gone_s.append(_gone_s(setting, number, streams))
    against = {way: _against(kept) for way, kept in took_ms.items()}
    return Finding(
        title="A server's lifetime",
        about=(
            f"In one process a `ServerThread` and a thread with Hypercorn's `serve` on trio, which is told to wait for "
            f"nobody, are started and stopped in turn, {times} times each in a round; a server is started once it "
            "listens, and stopped once its thread has ended.  What is imported and tried once in a process is not "
            f"counted.  Then `streamproof serve --journal` gets a SIGINT while {streams:,} streams of "
            f"{1 / GAP_S:.0f} events a second are open: the time until its process is gone, which has to leave a line "
            "in the journal for each of them."
        ),
        parts=[
            _table(took_ms, against),
            f"SIGINT with {streams:,} streams: {shown(middle(gone_s), 's')} ({spread(gone_s)}).",
        ],
        outcomes=[
            Outcome(target=IDLE, measured=middle(against["idle"])),
            Outcome(target=STALLS, measured=middle(against["stalls"])),
            Outcome(target=INTERRUPT, measured=middle(gone_s)),
        ],
        versions=machine.versions("hypercorn", "trio"),
    )


def _against(kept: Mapping[str, Sequence[float]]) -> list[float]:
    return [ours / bare for ours, bare in zip(kept["ours"], kept["bare"], strict=True)]


def _table(took_ms: Mapping[str, Mapping[str, Sequence[float]]], against: Mapping[str, Sequence[float]]) -> str:
    rows = [
        (
            WAYS[way],
            *(f"{shown(middle(kept[whose]))} ({spread(kept[whose])})" for whose in ("bare", "ours")),
            f"{shown(middle(against[way]))}x ({spread(against[way])})",
        )
        for way, kept in took_ms.items()
    ]
    return table(("stopped while", "bare Hypercorn, ms", "`ServerThread`, ms", "against it"), rows)


def _gone_s(setting: Setting, number: int, count: int) -> float:
    """How long an interrupted server takes; raises CannotMeasure where it leaves anything else than its journal."""
    folder = setting.folder / f"lifetime-{number}"
    (folder / "bench").mkdir(parents=True)
    texts = drawn_texts(random.Random(setting.seed + number), _EVENTS)
    stream = Stream(name="long", texts=texts, gap_s=GAP_S, folder=folder)
    (folder / "bench" / "long.yaml").write_text(stream.scenario, "utf-8")
    journal, said = folder / "journal.jsonl", folder / "said.txt"
    command = [sys.executable, "-m", "streamproof", "serve", stream.id, "--scenarios", str(folder)]
    command += ["--port", "0", "-q", "--journal", str(journal)]
    with said.open("wb") as output, on_core(setting.cores.server):
        process = subprocess.Popen(command, stdout=output, stderr=subprocess.STDOUT)
    try:
        port = _port(process, said)
        asked = request(f"/s/{stream.hash('as-written')}/v1/chat/completions", stream)
        with on_core(setting.cores.load), held_open(port, asked, count):
            begun_s = time.monotonic()
            process.send_signal(signal.SIGINT)
            process.wait(_STOP_S)
            took_s = time.monotonic() - begun_s
    except (WrongAnswer, OSError) as error:
        raise CannotMeasure(f"{count:,} streams could not be opened: {error}") from error
    except subprocess.TimeoutExpired as error:
        raise CannotMeasure(f"the server was not gone {_STOP_S:.0f} s after the interrupt") from error
    finally:
        process.kill()
        process.wait()
    entries = [json.loads(line) for line in journal.read_text("utf-8").splitlines()]
    broken_off = sum(entry["complete"] is False for entry in entries)
    if process.returncode != 0 or (broken_off, len(entries)) != (count, count):
        found = f"code {process.returncode}, {len(entries):,} entries, {broken_off:,} of them of streams broken off"
        raise CannotMeasure(f"expected code 0 and {count:,} streams broken off in the journal, found {found}")
    return took_s


def _port(process: subprocess.Popen[bytes], said: Path) -> int:
    until = time.monotonic() + _START_S
    while time.monotonic() < until and process.poll() is None:
        if found := _ADDRESS.search(said.read_text("utf-8", errors="replace")):
            return int(found[1])
        time.sleep(0.02)
    raise CannotMeasure(f"the server does not listen: {last_words(said.read_text('utf-8', errors='replace'))}")
