"""Waiting for a future of another thread in whatever event loop runs: asyncio's, or trio's."""

from __future__ import annotations

import asyncio
from concurrent.futures import Future
from contextlib import suppress
from typing import TypeVar

import trio

T = TypeVar("T")


async def wait_for(future: Future[T]) -> T:
    """The future's result; the event loop goes on meanwhile."""
    if trio.lowlevel.in_trio_run():
        arrived = trio.Event()
        token = trio.lowlevel.current_trio_token()

        def tell(_: Future[T]) -> None:
            with suppress(trio.RunFinishedError):  # whoever waited is gone
                token.run_sync_soon(arrived.set)

        future.add_done_callback(tell)
        await arrived.wait()
        return future.result()
    return await asyncio.wrap_future(future)
