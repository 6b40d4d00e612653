"""Memory of open streams."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Final

import attrs

from streamproof_bench.answers import WrongAnswer
from streamproof_bench.contestants import BASE, OURS, Contestant, chosen
from streamproof_bench.figures import Outcome, Target, middle, ratios, shown, spread, turned
from streamproof_bench.load import drive, held_open
from streamproof_bench.machine import on_core
from streamproof_bench.material import HELD_GAP_S, Material, request
from streamproof_bench.process import started
from streamproof_bench.results import table
from streamproof_bench.table import CannotMeasure, Finding, Setting

STREAMS: Final = 1000
_WARM_STREAMS: Final = 32
_REST_S: Final = 1.5 * HELD_GAP_S

AS_PLAIN: Final = Target(
    what=f"memory of {STREAMS:,} open streams against plain quart-trio", unit="x", sense="at most", must=1.2
)
IN_ALL: Final = Target(what=f"memory of {STREAMS:,} open streams", unit="MB", sense="at most", goal=30)


@attrs.frozen(kw_only=True)
class Held:
    """What a server held before and while streams were open, in MB."""

    before_mb: float
    more_mb: float


def run(setting: Setting) -> Finding:
    """Starts every contestant afresh in every round: what a process has once held it seldom gives back."""
    material = Material.drawn(setting.seed, setting.folder / "memory")
    contestants = {contestant.name: contestant for contestant in chosen(setting.only)}
    left_out: dict[str, str] = {}
    rounds: defaultdict[str, list[Held]] = defaultdict(list)
    for number in range(setting.rounds):
        setting.tell(f"memory: round {number + 1} of {setting.rounds}")
        for name in turned(list(contestants), number):
            if name in left_out:
                continue
            try:
                rounds[name].append(_held(setting, material, contestants[name]))
            except (CannotMeasure, WrongAnswer, OSError) as reason:
                left_out[name] = f"{contestants[name].label}: {reason}"
                rounds.pop(name, None)
    if missing := [left_out[name] for name in (BASE.name, OURS.name) if name in left_out]:
        raise CannotMeasure("; ".join(missing))
    present = [contestant for name, contestant in contestants.items() if rounds.get(name)]
    return Finding(
        title="Servers: memory of open streams",
        about=(
            f"{STREAMS:,} streams are open, each with an event a second.  A process that was started afresh and has "
            f"answered {_WARM_STREAMS} requests is measured before and while they are: private pages and its share of "
            "the shared ones (`Pss` of `/proc/PID/smaps_rollup`).  Medians of the rounds."
        ),
        parts=[_table(present, rounds)],
        outcomes=_outcomes(rounds),
        left_out=list(left_out.values()),
        versions=[line for contestant in present for line in contestant.versions(setting.cache)],
    )


def _held(setting: Setting, material: Material, contestant: Contestant) -> Held:
    short, held = material.unpaced, material.held
    with started(contestant, material, setting) as server, on_core(setting.cores.load):
        # Any way will do to warm up, and all contestants know this one.
        warm = request(contestant.target("joined", short), short)
        drive(server.port, warm, contestant.check(short), connections=1, seconds=10, most=_WARM_STREAMS)
        before = server.memory_bytes()
        with held_open(server.port, request(contestant.target("paced", held), held), STREAMS):
            time.sleep(_REST_S)
            more = server.memory_bytes() - before
    return Held(before_mb=before / 1e6, more_mb=more / 1e6)


def _table(present: Sequence[Contestant], rounds: Mapping[str, Sequence[Held]]) -> str:
    rows = []
    for contestant in present:
        held = rounds[contestant.name]
        more = [item.more_mb for item in held]
        rows.append(
            (
                contestant.label,
                shown(middle([item.before_mb for item in held])),
                shown(middle(more)),
                spread(more),
                shown(middle([figure * 1000 / STREAMS for figure in more])),
            )
        )
    return table(("server", "idle, MB", f"{STREAMS:,} streams more, MB", "lowest to highest", "kB/stream"), rows)


def _outcomes(rounds: Mapping[str, Sequence[Held]]) -> list[Outcome]:
    ours, plain = ([item.more_mb for item in rounds[name]] for name in (OURS.name, BASE.name))
    return [
        Outcome(target=AS_PLAIN, measured=middle(ratios(ours, plain))),
        Outcome(target=IN_ALL, measured=middle(ours)),
    ]
