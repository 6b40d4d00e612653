"""Cost: does the time that a client takes grow faster than its stream?"""

from __future__ import annotations

from typing import Final

from streamproof.judging.failed import Failed

DIVISOR: Final = 4
"""The stream is played at a quarter of each fill too."""
ALLOWANCE: Final = 3.0
"""Times what linear growth allows: a quadratic cost takes 4 times that, noise rarely 3 times."""
NOTICED_S: Final = 0.25
"""A stream that takes less is too fast to be called slow."""


def judge_cost(large_s: float, small_s: float) -> Failed | None:
    """Compares the client's time for a stream with that for a quarter of it; both the best of several plays."""
    if large_s <= NOTICED_S or large_s <= ALLOWANCE * DIVISOR * small_s:
        return None
    times = large_s / max(small_s, 1e-6)
    text = (
        f"{large_s:.2f} s for the stream, {small_s:.3f} s for a quarter of it: {times:.0f} times, not {DIVISOR} times"
    )
    return Failed("slow", text, f"at most {DIVISOR * small_s:.2f} s, or {ALLOWANCE:g} times that", round(large_s, 3))
