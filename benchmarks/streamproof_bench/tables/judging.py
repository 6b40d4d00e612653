"""Judging a recorded stream: its cost beside that of the official SDK, and how both grow with its length."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from streamproof_bench import workshop
from streamproof_bench.figures import Outcome, Target, middle, ratios, shown, slope, spread, times, turned
from streamproof_bench.material import DIALECT, Stream, drawn_texts
from streamproof_bench.program import measured
from streamproof_bench.results import table
from streamproof_bench.table import CannotMeasure, Finding, Setting

EVENTS: Final = 10_000
PIECE_BYTES: Final = 1 << 16
MARKS: Final = (10_000, 100_000, 1_000_000)
QUICK_MARKS: Final = (2_000, 20_000)

AGAINST_SDK: Final = Target(
    what=f"judging {EVENTS:,} recorded events: CPU against openai-python iterating over the same bytes",
    unit="x",
    sense="at least",
    must=1,
    goal=3,
)
FLAT: Final = Target(
    what=f"CPU per event at {MARKS[-1]:,} events against that at {MARKS[0]:,}", unit="x", sense="at most", must=1.1
)

Told = Mapping[str, Any]


def run(setting: Setting) -> Finding:
    """Runs judge and SDK in turn, each time in a fresh process on the same core; then streams of a million events."""
    stream = _recorded(setting)
    body = setting.folder / "recorded.sse"
    body.write_bytes(stream.body)
    core = setting.cores.server
    folder, left_out = _sdk(setting)
    programs: dict[str, Callable[[], Told]] = {
        "judge": lambda: measured("judge_body.py", DIALECT, body, PIECE_BYTES, core=core)
    }
    if folder is not None:
        programs["sdk"] = lambda: measured("sdk_body.py", body, PIECE_BYTES, core=core, paths=[folder])
    costs: defaultdict[str, list[float]] = defaultdict(list)
    marks: list[Sequence[Told]] = []
    for number in range(setting.rounds):
        setting.tell(f"judging: round {number + 1} of {setting.rounds}")
        for name in turned(list(programs), number):
            told = programs[name]()
            _require_same(name, told, stream)
            costs[name].append(told["cpu_ns"] / len(stream.pieces) / 1000)
        long = measured("judge_long.py", DIALECT, body, *(QUICK_MARKS if setting.quick else MARKS), core=core)
        if long["findings"]:
            raise CannotMeasure(f"the long stream breaks {long['findings']}, it should break nothing")
        marks.append(long["marks"])
    return Finding(
        title="Judging a recorded stream",
        about=(
            f"A stream of {DIALECT} with {len(stream.pieces):,} events ({len(stream.body):,} bytes) from memory, in "
            f"pieces of {PIECE_BYTES >> 10} KiB.  Judging is what `inspect` does: decoding, each event's schema, all "
            "rules, the message put together, every event kept.  The SDK iterates over its chunks and does nothing "
            "with them.  Each figure is the second pass of a fresh process, and both are checked to have read the "
            "same text.  The long streams are judged with `keep_events=False`; their memory is the process's resident "
            "size."
        ),
        parts=[_costs(costs), _growth(marks)],
        outcomes=_outcomes(costs, marks),
        left_out=left_out,
        places="all on one core",
        versions=[] if folder is None else workshop.python_versions(setting.cache, "openai", "pydantic", "httpx2"),
    )


def _recorded(setting: Setting) -> Stream:
    folder = setting.folder / "judging"
    (folder / "bench").mkdir(parents=True)
    texts = drawn_texts(random.Random(setting.seed), EVENTS - 3)
    stream = Stream(name="recorded", texts=texts, gap_s=0.0, folder=folder)
    (folder / "bench" / "recorded.yaml").write_text(stream.scenario, "utf-8")
    return stream


def _sdk(setting: Setting) -> tuple[Path | None, list[str]]:
    try:
        return workshop.python_folder(setting.cache), []
    except CannotMeasure as reason:
        return None, [f"openai-python: {reason}"]


def _require_same(name: str, told: Told, stream: Stream) -> None:
    if told["text"] != stream.text or told.get("findings"):
        raise CannotMeasure(f"{name} did not read what was recorded: findings {told.get('findings')}")
    # The SDK does not hand on the terminator.
    if told["events"] not in {len(stream.pieces), len(stream.pieces) - 1}:
        raise CannotMeasure(f"{name} read {told['events']} events, recorded are {len(stream.pieces)}")


def _costs(costs: Mapping[str, Sequence[float]]) -> str:
    labels = {"sdk": "openai-python, iterating", "judge": "streamproof, judging"}
    rows = [
        (
            labels[name],
            shown(middle(costs[name])),
            spread(costs[name]),
            times(middle(ratios(costs["sdk"], costs[name]))),
        )
        for name in labels
        if name in costs and "sdk" in costs
    ] or [(labels["judge"], shown(middle(costs["judge"])), spread(costs["judge"]), "-")]
    return table(("reader", "CPU µs/event", "lowest to highest", "factor"), rows)


def _growth(rounds: Sequence[Sequence[Told]]) -> str:
    rows = []
    for number, mark in enumerate(rounds[0]):
        cpu = [told[number]["cpu_ns"] / told[number]["events"] / 1000 for told in rounds]
        memory = [told[number]["memory_bytes"] / 1e6 for told in rounds]
        rows.append((f"{mark['events']:,}", shown(middle(cpu)), shown(middle(memory))))
    growth = shown(middle([_bytes_per_event(told) for told in rounds]))
    remark = f"Memory grows by {growth} bytes an event; the text of the message, which is kept, by 6 characters."
    return f"{table(('events judged', 'CPU µs/event', 'memory, MB'), rows)}\n\n{remark}"


def _bytes_per_event(marks: Sequence[Told]) -> float:
    return slope([mark["events"] for mark in marks], [mark["memory_bytes"] for mark in marks])


def _outcomes(costs: Mapping[str, Sequence[float]], rounds: Sequence[Sequence[Told]]) -> list[Outcome]:
    against = ratios(costs["sdk"], costs["judge"]) if "sdk" in costs else []
    flat = [
        (told[-1]["cpu_ns"] / told[-1]["events"]) / (told[0]["cpu_ns"] / told[0]["events"])
        for told in rounds
        if told[0]["cpu_ns"]
    ]
    return [
        Outcome(target=AGAINST_SDK, measured=middle(against), note=spread(against) if against else ""),
        Outcome(target=FLAT, measured=middle(flat), note=spread(flat)),
    ]
