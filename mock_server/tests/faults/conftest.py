"""All faults over all transports, played once, at the same time."""

from __future__ import annotations

import pytest
import trio

from streamproof_mock.journal import Exchange
from streamproof_mock.server import serving

from .stranger import Heard, hear
from .table import COLUMNS, FAULTS, is_sayable, plan_of

Played = dict[tuple[str, str], tuple[Heard, list[Exchange]]]


async def play_all() -> Played:
    """What a stranger heard of each fault in each column, and the journal of it."""
    found: Played = {}
    plans = {
        (fault, name): plan_of(row, column)
        for fault, row in FAULTS.items()
        for name, column in COLUMNS.items()
        if is_sayable(row, name)
    }
    limiter = trio.CapacityLimiter(50)

    async with serving(tls=True) as server, trio.open_nursery() as nursery:

        async def play(fault: str, name: str) -> None:
            async with limiter:
                column = COLUMNS[name]
                session = server.play(plans[fault, name], transport=column.transport)
                heard = await hear(session.origin, http=column.http, is_tls=column.is_tls, ca_file=server.ca_file)
                await session.settled(1)
                found[fault, name] = (heard, session.exchanges)
                session.close()

        for fault, name in plans:
            nursery.start_soon(play, fault, name)
    return found


@pytest.fixture(scope="session")
def played() -> Played:
    return trio.run(play_all)
