"""The harness: the whole catalogue, a case, a sweep, the demonstration."""

from __future__ import annotations

import json
import random
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any, Final

from streamproof_bench.figures import Outcome, Target, middle, shown, spread
from streamproof_bench.material import sized
from streamproof_bench.program import measured
from streamproof_bench.results import table
from streamproof_bench.table import CannotMeasure, Finding, Setting, last_words

JOBS: Final = 2
SWEEP_BYTES: Final = 2048
_DEMO_S: Final = 120

WHOLE: Final = Target(
    what="the catalogue against the reference client in the deliveries of `all`, without what waits: wall time",
    unit="s",
    sense="at most",
    must=60,
)
PER_CASE: Final = Target(
    what="CPU of the harness per case as written, beside the client's own", unit="ms", sense="at most", must=2, goal=0.5
)
SWEEP: Final = Target(
    what=f"every split of {SWEEP_BYTES:,} bytes: CPU of the harness", unit="s", sense="at most", must=10, goal=4
)
KEPT: Final = Target(
    what="boundaries kept, of those asked for in all of these plays", unit="%", sense="at least", must=100
)
DEMO: Final = Target(what="`demo`: wall time", unit="s", sense="at most", must=10, goal=5)

Told = Mapping[str, Any]


def run(setting: Setting) -> Finding:
    """Plays each part once a round, with all cores; in a quick run only scenarios of `plain`, and a small sweep."""
    folder = setting.folder / "harness"
    size = round(setting.pick(SWEEP_BYTES, 600))
    sweep = sized(random.Random(setting.seed), "sweep", size, folder)
    patterns = ["plain/*"] if setting.quick else []
    parts: dict[str, dict[str, Any]] = {
        "the catalogue, `all`": {"folder": None, "patterns": patterns, "delivery": "all", "jobs": JOBS},
        "the catalogue, as written": {"folder": None, "patterns": patterns, "delivery": "as-written", "jobs": JOBS},
        f"every split of {size:,} bytes": {
            "folder": str(folder),
            "patterns": [sweep.id],
            "delivery": "every-split",
            "jobs": 1,
        },
    }
    rounds: defaultdict[str, list[Told]] = defaultdict(list)
    demo_s: list[float] = []
    for number in range(setting.rounds):
        for name, asked in parts.items():
            setting.tell(f"harness: round {number + 1} of {setting.rounds}, {name}")
            told = measured(
                "play_scenarios.py", json.dumps({**asked, "report_dir": str(setting.folder / "report")}), core=None
            )
            if told["bad"]:
                raise CannotMeasure(f"{name}: the reference client did not pass: {'; '.join(told['bad'])}")
            rounds[name].append(told)
        demo_s.append(_demo_s(setting))
    whole, written, split = (rounds[name] for name in parts)
    return Finding(
        title="Harness",
        about=(
            f"Scenarios are played to the reference client in {JOBS} processes of it, by the harness and the mock "
            "server in one process, on all cores.  CPU of the harness is that process's, from the first case to the "
            "written result document, the loading of programs and scenarios left out.  A sweep is one case of as many "
            "plays as the body has boundaries.  What waits on purpose (pauses above 100 ms, stalls, `await`, `client`) "
            "is left out."
        ),
        parts=[_table(rounds), f"`demo`: {shown(middle(demo_s), 's')} ({spread(demo_s)}), from start to exit."],
        outcomes=[
            Outcome(target=WHOLE, measured=middle([told["wall_s"] for told in whole])),
            Outcome(target=PER_CASE, measured=middle([told["own_cpu_s"] * 1000 / told["cases"] for told in written])),
            Outcome(target=SWEEP, measured=middle([told["own_cpu_s"] for told in split])),
            Outcome(target=KEPT, measured=_kept([told for part in rounds.values() for told in part])),
            Outcome(target=DEMO, measured=middle(demo_s)),
        ],
        places="not pinned",
    )


def _demo_s(setting: Setting) -> float:
    command = (sys.executable, "-m", "streamproof", "demo", "--report-dir", str(setting.folder / "demo"))
    begun_s = time.monotonic()
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=_DEMO_S)
    except subprocess.TimeoutExpired as error:
        raise CannotMeasure(f"`demo` took more than {_DEMO_S} s") from error
    if done.returncode != 0:
        raise CannotMeasure(f"`demo` ended with code {done.returncode}: {last_words(done.stderr)}")
    return time.monotonic() - begun_s


def _kept(told: Sequence[Told]) -> float:
    kept, asked = (sum(int(one[key]) for one in told) for key in ("kept", "asked"))
    return 100 * kept / max(1, asked)


def _table(rounds: Mapping[str, Sequence[Told]]) -> str:
    rows = []
    for name, told in rounds.items():
        last = told[-1]
        own = [one["own_cpu_s"] for one in told]
        rows.append(
            (
                name,
                f"{last['cases']:,}",
                f"{last['plays']:,}",
                f"{sum(one['kept'] for one in told):,} of {sum(one['asked'] for one in told):,}",
                shown(middle([one["wall_s"] for one in told])),
                f"{shown(middle(own))} ({spread(own)})",
                shown(middle([one["own_cpu_s"] * 1000 / one["plays"] for one in told])),
                shown(middle([one["client_cpu_s"] for one in told])),
            )
        )
    heads = ("cases", "plays", "boundaries kept, all rounds", "wall, s", "harness CPU, s", "ms/play", "clients' CPU, s")
    return table(("part", *heads), rows)
