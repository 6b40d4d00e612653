"""A draft: a stream and a delivery that a seed draws."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from hashlib import sha256
from typing import Any, Final

import attrs

from streamproof.judging.sent import read_answer
from streamproof.running.job import Job
from streamproof_scenarios.cases import cases
from streamproof_scenarios.compiler import case_hash, compile_case
from streamproof_scenarios.file_text import file_text
from streamproof_scenarios.generating import Draw, Seeded, generate
from streamproof_scenarios.loader import loads
from streamproof_scenarios.model import Case
from streamproof_scenarios.problem import NotPlayable, ScenarioError

MOST_PIECES: Final = 1_500
"""Writes of a drawn delivery at most: each of them is waited for."""
TRIES: Final = 200
"""Streams that a seed draws at most until the client can be asked for one."""


@attrs.frozen(kw_only=True)
class Draft:
    """One stream that keeps every rule, in one delivery."""

    seed: int
    document: Mapping[str, Any]
    """The scenario as a file has it, the delivery left out."""
    delivery: str

    @property
    def name(self) -> str:
        """What it is called while it has no file."""
        return f"fuzz/seed-{self.seed}"

    @property
    def id(self) -> str:
        """Another one for each stream: what was read of one must not be taken for another's."""
        return f"{self.name}-{sha256(file_text(self.document).encode()).hexdigest()[:16]}"

    @property
    def dialect(self) -> str:
        """The dialect of the stream."""
        return str(self.document["dialect"])

    @property
    def case(self) -> Case:
        """The one case that it is; raises ScenarioError."""
        (case,) = cases(loads(file_text(self.document), path=self.name, id=self.id))
        return case

    @property
    def job(self) -> Job:
        """What the runner plays."""
        return Job(case=self.case, delivery=self.delivery, hash=case_hash(self.id, self.delivery))

    @property
    def is_valid(self) -> bool:
        """Whether it can be written, keeps every rule and comes to its end: what a smaller one has to do, too."""
        try:
            case = self.case
            sent = read_answer(case, compile_case(case, self.delivery).answer(0))
        except (ScenarioError, NotPlayable):
            return False
        return not sent.findings and sent.ended == "terminal"


def draft(seed: int, dialects: Sequence[str], is_playable: Callable[[Case], bool]) -> Draft | None:
    """What a seed draws, of these dialects, that can be played; None where it draws none."""
    draw = Seeded(seed)
    for _ in range(TRIES):
        generated = generate(draw.choice(dialects), draw)
        drawn = Draft(seed=seed, document=generated.document, delivery="as-written")
        case = drawn.case
        if is_playable(case):
            return attrs.evolve(drawn, delivery=_delivery(draw, len(compile_case(case).answer(0).body())))
    return None


def _delivery(draw: Draw, size: int) -> str:
    fewest = max(1, -(-size // MOST_PIECES))
    match draw.integer(0, 8):
        case 0:
            return "as-written"
        case 1:
            return "whole"
        case 2:
            return "per-event"
        case 3:
            return "inside-utf8"
        case 4:
            return "inside-crlf"
        case 5:
            return "bytewise" if fewest == 1 else f"size:{fewest}"
        case 6:
            return f"size:{draw.integer(fewest, fewest + 64)}"
        case 7:
            places = sorted({draw.integer(1, max(1, size - 1)) for _ in range(draw.integer(1, 4))})
            return f"at:{','.join(map(str, places))}"
        case _:
            return f"random:{draw.integer(1, 1_000_000)}"
