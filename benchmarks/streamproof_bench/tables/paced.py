"""Paced streams: how many a server holds at 50 events a second on one core, and how well it keeps the gaps."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from statistics import median_low
from typing import Final

import attrs

from streamproof_bench import workshop
from streamproof_bench.contestants import NODE, OURS, Contestant, chosen
from streamproof_bench.figures import Outcome, Target, highest, middle, shown, turned
from streamproof_bench.machine import on_core
from streamproof_bench.material import GAP_S, Material, request
from streamproof_bench.paced_load import LIMIT_MS, Paced, read_paced
from streamproof_bench.process import Server, started, without
from streamproof_bench.results import table
from streamproof_bench.table import CannotMeasure, Finding, Setting

STEPS: Final = (50, 100, 250, 500, 750, 1000, 1250, 1500, 1750, 2000, 2250, 2500, 3000, 3500, 4000)
QUICK_STEPS: Final = (50, 250, 500, 1000, 1500, 2000)
COMMON: Final = 100
"""With so few streams the gaps of all servers are compared."""
_REST_S: Final = 0.5
"""Between two trials, for a server to clear away what was broken off."""

STREAMS: Final = Target(
    what=f"paced streams at {1 / GAP_S:.0f} events/s on one core, gap error p99 below {LIMIT_MS:.0f} ms at both ends",
    unit="",
    sense="at least",
    must=1500,
    goal=2000,
)
AS_NODE: Final = Target(what="the same against Node http", unit="x", sense="at least", goal=1)


@attrs.frozen(kw_only=True)
class Trial:
    """So many streams at once."""

    paced: Paced
    cpu_us_per_event: float
    """Of the server, over the whole trial, opening of the streams included."""


@attrs.frozen(kw_only=True)
class Held:
    """What a server held in one round: the most streams, and a trial with few."""

    most: int | None
    at_most: Trial | None
    common: Trial


def run(setting: Setting) -> Finding:
    """Searches the limit of every contestant, round by round."""
    reader = workshop.reader(setting.cache)
    material = Material.drawn(setting.seed, setting.folder / "paced")
    left_out: list[str] = []
    rounds: defaultdict[str, list[Held]] = defaultdict(list)
    with ExitStack() as stack:
        servers: dict[str, Server] = {}
        for contestant in chosen(setting.only):
            try:
                servers[contestant.name] = stack.enter_context(started(contestant, material, setting))
            except CannotMeasure as reason:
                left_out.append(f"{contestant.label}: {reason}")
        if OURS.name not in servers:
            raise CannotMeasure("; ".join(left_out))
        with on_core(setting.cores.load):
            for number in range(setting.rounds):
                for name in turned(list(servers), number):
                    setting.tell(f"paced: round {number + 1} of {setting.rounds}, {name}")
                    try:
                        held = _held(setting, reader, material, servers[name], rounds[name])
                    except (CannotMeasure, OSError) as error:
                        left_out.append(without(servers, name, error))
                        rounds.pop(name, None)
                    else:
                        rounds[name].append(held)
    present = [server.contestant for server in servers.values()]
    return Finding(
        title="Servers: paced streams",
        about=(
            f"Streams of {len(material.paced.pieces)} events, one each {GAP_S * 1000:.0f} ms, opened evenly over a "
            "second or more, and read by a program in C on another core.  A gap error is how far the time between two "
            f"events is from {GAP_S * 1000:.0f} ms: at the server's write by the kernel's time stamp (on loopback a "
            "send puts the bytes into the reader's socket at once), at the reader when it has read them.  A number of "
            f"streams holds when both are below {LIMIT_MS:.0f} ms at the 99th percentile while all streams run, and "
            "every stream comes whole, byte for byte.  Medians of the rounds."
        ),
        parts=[_table(present, rounds)],
        outcomes=_outcomes(rounds),
        left_out=left_out,
        versions=[line for contestant in present for line in contestant.versions(setting.cache)],
    )


def _held(setting: Setting, reader: Path, material: Material, server: Server, before: Sequence[Held]) -> Held:
    steps = QUICK_STEPS if setting.quick else STEPS
    trials: dict[int, Trial] = {}

    def holds(count: int) -> bool:
        trials[count] = trial = _trial(reader, material, server, count)
        paced = trial.paced
        setting.tell(
            f"  {count}: {shown(paced.at_write_ms)} and {shown(paced.at_read_ms)} ms, "
            f"{paced.whole} of {paced.streams} whole, {trial.cpu_us_per_event:.1f} µs/event"
        )
        return paced.holds

    common = _trial(reader, material, server, COMMON)
    found = [held.most for held in before if held.most is not None]
    most = highest(steps, median_low(found) if found else server.contestant.streams_at_first, holds)
    return Held(most=most, at_most=None if most is None else trials[most], common=common)


def _trial(reader: Path, material: Material, server: Server, count: int) -> Trial:
    contestant, stream = server.contestant, material.paced
    asked = request(contestant.target("paced", stream), stream)
    time.sleep(_REST_S)
    before_ns = server.cpu_ns()
    paced = read_paced(reader, server.port, asked, stream, count, is_exact=contestant.is_exact)
    cpu_ns = server.cpu_ns() - before_ns
    return Trial(paced=paced, cpu_us_per_event=cpu_ns / 1000 / max(1, paced.events))


def _table(present: Sequence[Contestant], rounds: Mapping[str, Sequence[Held]]) -> str:
    rows = []
    for contestant in present:
        held = rounds[contestant.name]
        most = [item.at_most for item in held if item.at_most is not None]
        common = [item.common for item in held]
        rows.append(
            (
                contestant.label,
                shown(middle(_most(held))),
                ", ".join(str(count) for count in _most(held)) or "-",
                *_errors(most),
                *_errors(common),
            )
        )
    errors = ("p99 at write, ms", "p99 at reader, ms", "CPU µs/event")
    return table(
        ("server", "streams held", "by round", *errors, *(f"{name}, {COMMON} streams" for name in errors)), rows
    )


def _errors(trials: Sequence[Trial]) -> tuple[str, str, str]:
    at_write = [trial.paced.at_write_ms for trial in trials if trial.paced.at_write_ms is not None]
    at_read = [trial.paced.at_read_ms for trial in trials if trial.paced.at_read_ms is not None]
    return (shown(middle(at_write)), shown(middle(at_read)), shown(middle([t.cpu_us_per_event for t in trials])))


def _most(held: Sequence[Held]) -> list[int]:
    return [item.most or 0 for item in held]


def _outcomes(rounds: Mapping[str, Sequence[Held]]) -> list[Outcome]:
    ours = middle(_most(rounds[OURS.name]))
    nodes = middle(_most(rounds.get(NODE.name, ())))
    against = ours / nodes if ours is not None and nodes else None
    return [Outcome(target=STREAMS, measured=ours), Outcome(target=AS_NODE, measured=against)]
