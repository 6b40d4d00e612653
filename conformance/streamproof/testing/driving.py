"""Taking a play through its steps, with an event loop or without one."""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping
from concurrent.futures import Future
from typing import Any, TypeVar

import attrs

from streamproof.adapters.pieces import Misuse
from streamproof.testing.loops import wait_for
from streamproof.testing.outcome import CannotTell
from streamproof.testing.telling import Telling

T = TypeVar("T")

Function = Callable[[Mapping[str, Any]], Any]
"""Takes a run (`base_url`, `url`, `api_key`, `request`, ...); returns, yields or raises what the client does."""


@attrs.frozen
class Turn:
    """The client is to be run, and what it does told."""

    telling: Telling
    run: Mapping[str, Any]


Steps = Generator[Turn | Future[bool], None, T]
"""What a play waits for, whatever waits: a run of the client, or the server."""


def drive(steps: Steps[T], function: Function | None) -> T:
    """The end of the steps; each turn is given to the function, all else is waited for."""
    __tracebackhide__ = True
    try:
        step = next(steps)
        while True:
            if isinstance(step, Turn):
                assert function is not None
                step.telling.run(function, step.run)
            else:
                step.result()
            step = next(steps)
    except StopIteration as done:
        made: T = done.value
        return made
    except Misuse as misuse:
        raise CannotTell(str(misuse)) from None
    finally:
        steps.close()


async def drive_async(steps: Steps[T], function: Function | None) -> T:
    """The same in the event loop that runs."""
    __tracebackhide__ = True
    try:
        step = next(steps)
        while True:
            if isinstance(step, Turn):
                assert function is not None
                await step.telling.run_async(function, step.run)
            else:
                await wait_for(step)
            step = next(steps)
    except StopIteration as done:
        made: T = done.value
        return made
    except Misuse as misuse:
        raise CannotTell(str(misuse)) from None
    finally:
        steps.close()
