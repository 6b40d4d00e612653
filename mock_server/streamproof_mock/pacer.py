"""One task plays every paced stream of a server: a heap of due times, and what to do when they come.

A task per stream costs trio some 40 microseconds for each pause; a place in the heap costs two.
"""

from __future__ import annotations

from collections.abc import Callable
from heapq import heappop, heappush, heapreplace
from itertools import count

import attrs
import outcome
import trio


@attrs.define(eq=False)
class Lap:
    """One stream while it is in the pacer's hands."""

    step: Callable[[], float | None]
    """Called when a pause is over; gives the next pause in seconds, or None to get the stream back.  Does not wait."""
    due: float = 0.0
    is_cut: bool = False
    """True when it was given back in the middle of a pause."""
    _owner: trio.lowlevel.Task | None = None

    @property
    def is_running(self) -> bool:
        """True until the stream is back in its owner's hands."""
        return self._owner is not None

    def leave(self) -> None:
        """Gives the stream back to its owner at once, in the middle of a pause."""
        self.is_cut = self.is_running
        self.give_back(outcome.Value(None))

    def give_back(self, result: outcome.Outcome[None]) -> None:
        """Wakes the owner."""
        if self._owner is not None:
            owner, self._owner = self._owner, None
            trio.lowlevel.reschedule(owner, result)

    async def wait(self) -> None:
        """Waits, as the owner, for the stream to be given back.  Raises what `step` raised."""
        self._owner = trio.lowlevel.current_task()

        def abort(_: object) -> trio.lowlevel.Abort:
            self._owner = None
            return trio.lowlevel.Abort.SUCCEEDED

        await trio.lowlevel.wait_task_rescheduled(abort)


class Pacer:
    """Plays laps.  `run` must be running."""

    def __init__(self) -> None:
        self._heap: list[tuple[float, int, Lap]] = []
        self._numbers = count()
        self._sleep = trio.CancelScope()
        self._now = trio.current_time

    def __len__(self) -> int:
        return len(self._heap)

    async def play(self, lap: Lap, delay_s: float) -> float:
        """Hands a lap over for a pause and all that follows; returns, once it is back, what is left of its pause."""
        self._push(lap, trio.current_time() + delay_s)
        await lap.wait()
        return max(lap.due - trio.current_time(), 0.0)

    def _push(self, lap: Lap, due: float) -> None:
        lap.due = due
        heappush(self._heap, (due, next(self._numbers), lap))
        self._sleep.deadline = min(self._sleep.deadline, due)

    async def run(self) -> None:
        """Steps every lap when it is due, until cancelled."""
        # A third of the price of trio.current_time(), which looks for the clock each time.
        self._now = trio.lowlevel.current_clock().current_time
        while True:
            self._step_due()
            with trio.CancelScope(deadline=self._heap[0][0] if self._heap else float("inf")) as self._sleep:
                await trio.sleep_forever()

    def _step_due(self) -> None:
        # What falls due meanwhile waits for the next round, so that others can run.
        heap, now, numbers = self._heap, self._now, self._numbers
        limit = now()
        while heap and heap[0][0] <= limit:
            lap = heap[0][2]
            if not lap.is_running:
                heappop(heap)
                continue
            try:
                delay_s = lap.step()
            except BaseException as error:  # noqa: BLE001  the owner's to handle
                heappop(heap)
                lap.give_back(outcome.Error(error))
                continue
            if delay_s is None:
                heappop(heap)
                lap.give_back(outcome.Value(None))
            else:
                # A pause begins when the write before it is done: nothing is sent for so long, however late it is.
                lap.due = now() + delay_s
                heapreplace(heap, (lap.due, next(numbers), lap))
