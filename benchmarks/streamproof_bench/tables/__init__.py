"""The tables of RESULTS.md, one module each."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from streamproof_bench.table import Bench
from streamproof_bench.tables import harness, judging, lifetime, memory, paced, unpaced

TABLES: Final[Mapping[str, Bench]] = {
    "unpaced": unpaced.run,
    "paced": paced.run,
    "memory": memory.run,
    "judging": judging.run,
    "harness": harness.run,
    "lifetime": lifetime.run,
}
"""By name, in the order of RESULTS.md."""
