"""Unpaced streams of 100 events: joined, and with one write for each event."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from typing import Final

import attrs

from streamproof_bench.answers import WrongAnswer
from streamproof_bench.contestants import AIMOCK, BASE, NODE, OURS, Contestant, Way, chosen
from streamproof_bench.figures import Outcome, Target, middle, ratios, shown, spread, times, turned
from streamproof_bench.load import Load, drive
from streamproof_bench.machine import on_core
from streamproof_bench.material import EVENTS, Material, request
from streamproof_bench.process import Server, started, without
from streamproof_bench.results import table
from streamproof_bench.table import CannotMeasure, Finding, Setting

CONNECTIONS: Final = (1, 32)
JUDGED: Final = 32
"""With so many connections the targets are judged."""
MOST_STREAMS: Final = 50_000
WARM_STREAMS: Final = 64

JOINED: Final = Target(
    what=f"{EVENTS} events, joined: CPU against plain quart-trio", unit="x", sense="at least", must=10, goal=30
)
AS_AIMOCK: Final = Target(what="the same: CPU against aimock", unit="x", sense="at least", must=1)
AS_NODE: Final = Target(what="the same: CPU against Node http", unit="x", sense="at least", goal=1)
EACH: Final = Target(
    what=f"{EVENTS} events, one write each: CPU against plain quart-trio", unit="x", sense="at least", must=4, goal=7
)

_TITLES: Final[Mapping[Way, str]] = {
    "joined": "Events joined: the server may send them together",
    "each": "One write for each event",
}


@attrs.frozen
class Cost:
    """What one stream took in one round."""

    cpu_us: float
    wall_us: float
    segments: float
    reader_share: float
    """Of the wall time, what the reader was busy for."""


Key = tuple[Way, int, str]
"""Way, connections, contestant."""
Costs = Mapping[Key, Sequence[Cost]]


def run(setting: Setting) -> Finding:
    """Measures every contestant in turn, round by round."""
    material = Material.drawn(setting.seed, setting.folder / "unpaced")
    left_out: list[str] = []
    with ExitStack() as stack:
        servers: dict[str, Server] = {}
        for contestant in chosen(setting.only):
            try:
                servers[contestant.name] = stack.enter_context(started(contestant, material, setting))
            except CannotMeasure as reason:
                left_out.append(f"{contestant.label}: {reason}")
        if missing := {BASE.name, OURS.name} - servers.keys():
            raise CannotMeasure(f"{', '.join(sorted(missing))} cannot be started: {'; '.join(left_out)}")
        with on_core(setting.cores.load):
            costs = _measured(setting, material, servers, left_out)
    present = [server.contestant for server in servers.values()]
    return Finding(
        title="Servers: unpaced streams",
        about=(
            f"Streams of {EVENTS} events ({len(material.unpaced.body):,} bytes of body) to 1 and to 32 connections "
            "that stay open and ask again as soon as they are answered.  CPU is the server's, user and system; the "
            "factor is against plain quart-trio in the same round: median of the rounds, lowest to highest behind "
            "it.  Segments are those with data that a client saw for each stream: one at most for each send, fewer "
            "where sends waited for an acknowledgement and were joined by the kernel.  `reader` is how busy the "
            "reading core was: near 100 % the wall time is the reader's."
        ),
        parts=[_part(way, costs, present) for way in _TITLES],
        outcomes=_outcomes(costs),
        left_out=left_out,
        versions=[line for contestant in present for line in contestant.versions(setting.cache)],
    )


def _measured(setting: Setting, material: Material, servers: dict[str, Server], left_out: list[str]) -> Costs:
    """What each server cost; one that fails is taken out of `servers`, with the reason."""
    costs: defaultdict[Key, list[Cost]] = defaultdict(list)
    for number in range(setting.rounds):
        setting.tell(f"unpaced: round {number + 1} of {setting.rounds}")
        for way in _TITLES:
            for connections in CONNECTIONS:
                for name in turned(list(servers), number):
                    if way not in servers[name].contestant.ways:
                        continue
                    try:
                        cost = _cost(setting, material, servers[name], way, connections)
                    except (WrongAnswer, OSError) as error:
                        left_out.append(without(servers, name, error))
                        costs = defaultdict(list, {key: held for key, held in costs.items() if key[-1] != name})
                    else:
                        costs[way, connections, name].append(cost)
    return costs


def _cost(setting: Setting, material: Material, server: Server, way: Way, connections: int) -> Cost:
    contestant, stream = server.contestant, material.unpaced
    asked = request(contestant.target(way, stream), stream)
    check = contestant.check(stream)
    seconds = setting.pick(1.0, 0.3)
    drive(server.port, asked, check, connections=connections, seconds=seconds / 4, most=WARM_STREAMS)
    before_ns = server.cpu_ns()
    load: Load = drive(server.port, asked, check, connections=connections, seconds=seconds, most=MOST_STREAMS)
    cpu_ns = server.cpu_ns() - before_ns
    return Cost(
        cpu_us=cpu_ns / load.streams / 1000,
        wall_us=load.wall_ns / load.streams / 1000,
        segments=load.segments / load.streams,
        reader_share=load.own_cpu_ns / load.wall_ns,
    )


def _factors(costs: Costs, way: Way, connections: int, name: str, *, base: str = BASE.name) -> list[float]:
    mine, plain = costs.get((way, connections, name), ()), costs.get((way, connections, base), ())
    return ratios([cost.cpu_us for cost in plain], [cost.cpu_us for cost in mine]) if mine and plain else []


def _part(way: Way, costs: Costs, present: Sequence[Contestant]) -> str:
    rows = []
    for contestant in present:
        if way not in contestant.ways:
            continue
        row = [contestant.label]
        for connections in CONNECTIONS:
            mine, plain = costs[way, connections, contestant.name], costs[way, connections, BASE.name]
            wall = ratios([cost.wall_us for cost in plain], [cost.wall_us for cost in mine])
            cpu = _factors(costs, way, connections, contestant.name)
            factor = times(middle(cpu)) + (f" ({spread(cpu)})" if contestant is not BASE else "")
            row += [shown(middle([cost.cpu_us for cost in mine])), factor]
            row += [shown(middle([cost.wall_us for cost in mine])), times(middle(wall))]
        judged = costs[way, JUDGED, contestant.name]
        row.append(shown(middle([cost.cpu_us / EVENTS for cost in judged])))
        row.append(shown(middle([cost.segments for cost in judged])))
        row.append(f"{(middle([cost.reader_share for cost in judged]) or 0) * 100:.0f} %")
        rows.append(row)
    heads = [
        title
        for connections in CONNECTIONS
        for title in (f"CPU µs/stream, {connections} conn.", "factor", "wall µs/stream", "factor (wall)")
    ]
    return f"### {_TITLES[way]}\n\n" + table(["server", *heads, "CPU µs/event", "segments/stream", "reader"], rows)


def _outcomes(costs: Costs) -> list[Outcome]:
    outcomes = []
    compared: tuple[tuple[Target, Way, Contestant], ...] = (
        (JOINED, "joined", BASE),
        (AS_AIMOCK, "joined", AIMOCK),
        (AS_NODE, "joined", NODE),
        (EACH, "each", BASE),
    )
    for target, way, base in compared:
        found = _factors(costs, way, JUDGED, OURS.name, base=base.name)
        outcomes.append(Outcome(target=target, measured=middle(found), note=f"{spread(found)}" if found else ""))
    return outcomes
