"""All faults, by name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import attrs

from streamproof.subjects.broken.calls import CALLS
from streamproof.subjects.broken.chunks import CHUNKS
from streamproof.subjects.broken.dialects import DIALECTS
from streamproof.subjects.broken.ends import ENDS
from streamproof.subjects.broken.fault import Fault
from streamproof.subjects.broken.framing import FRAMING
from streamproof.subjects.broken.text import TEXT

FAULTS: Final[Mapping[str, Fault]] = {
    fault.name: fault
    for fault in (
        *FRAMING,
        *TEXT,
        *(attrs.evolve(fault, meets_waiting=True) for fault in ENDS),
        *CHUNKS,
        *CALLS,
        *DIALECTS,
    )
}
