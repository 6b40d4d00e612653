"""`streamproof serve`: the mock server, to point any client at."""

from __future__ import annotations

import gc
import json
import os
import secrets
import shlex
import signal
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Final, TypeVar

import attrs
import click
import trio

from streamproof.commands import scenes
from streamproof.commands.options import one_delivery, selecting
from streamproof.commands.serve_log import Log
from streamproof.commands.workers import GIVEN_UP, Worker, check_platform, held_port, run_workers
from streamproof.errors import StreamproofError
from streamproof.running.book import ScenarioBook
from streamproof_formats.dialects import DIALECTS
from streamproof_mock.behaviour.chaos import Chaos, read_chaos
from streamproof_mock.behaviour.latency import Latency, read_latency
from streamproof_mock.behaviour.temper import Temper
from streamproof_mock.server import MockServer, serving
from streamproof_scenarios.model import Scenario

T = TypeVar("T")

USUAL: Final = "openai-chat"
"""The dialect of what is shown at the start."""
_BASE_URLS: Final[Mapping[str, str]] = {
    **dict.fromkeys((USUAL, "openai-completions", "openai-responses"), "OPENAI_BASE_URL"),
    "anthropic-messages": "ANTHROPIC_BASE_URL",
}
"""The variables from which official SDKs take their base URL."""


def _latency(_context: click.Context, _parameter: click.Parameter, value: str | None) -> Latency | None:
    return None if value is None else _read(read_latency, value)


def _chaos(_context: click.Context, _parameter: click.Parameter, value: str | None) -> Chaos | None:
    if value is None or "=" in value:
        return None if value is None else _read(read_chaos, value)
    try:
        text = Path(value).read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        message = f"expected faults such as reset=1%,429=2%, or a file of them; {value!r} cannot be read: {error}"
        raise click.BadParameter(message) from None
    return _read(read_chaos, text)


def _read(read: Callable[[str], T], text: str) -> T:
    try:
        return read(text)
    except ValueError as error:
        raise click.BadParameter(str(error)) from None


@click.command()
@click.argument("patterns", nargs=-1)
@selecting
@click.option("--host", default="127.0.0.1", help="Address to listen on; other than loopback is open to others.")
@click.option("--port", default=8080, type=click.IntRange(0, 65535), help="0 takes a free one (default 8080).")
@click.option("--api-key", metavar="K", help="Refuse requests without this key.")
@click.option(
    "--tls", is_flag=True, help="Listen for TLS too, with HTTP/2 and HTTP/1.1; needs the extra streamproof[tls]."
)
@click.option("--tls-port", default=0, type=click.IntRange(0, 65535), help="For --tls; 0 takes a free one (default).")
@click.option(
    "--control-token",
    metavar="T",
    envvar="STREAMPROOF_CONTROL_TOKEN",
    help="Opens the control API to other machines that send it (or in STREAMPROOF_CONTROL_TOKEN).",
)
@click.option(
    "--delivery",
    default="as-written",
    callback=one_delivery,
    metavar="NAME",
    help="How the bytes of scenarios are cut.",
)
@click.option("--journal", metavar="FILE", help="Append each exchange to FILE when it ends, as a line of JSON.")
@click.option(
    "--workers",
    default=1,
    type=click.IntRange(1, 64),
    metavar="N",
    help="So many processes on the one port, for load; what that gives up is said at the start (Linux).",
)
@click.option("-q", "--quiet", is_flag=True, help="No line for each exchange.")
@click.option(
    "--latency",
    callback=_latency,
    metavar="SPEC",
    help="The well-behaved endpoint as a slow model: ttft=400ms,tps=60,jitter=20%.",
)
@click.option(
    "--chaos",
    callback=_chaos,
    metavar="SPEC|FILE",
    help="Faults by lot in the well-behaved endpoint: reset=1%,429=2%,stall=0.5%.",
)
@click.option("--seed", type=int, help="Seed of --latency and --chaos: the same seed draws the same for each request.")
def serve(
    patterns: tuple[str, ...],
    select: tuple[str, ...],
    scenarios: tuple[str, ...],
    tls: bool,
    tls_port: int,
    delivery: str,
    workers: int,
    latency: Latency | None,
    chaos: Chaos | None,
    seed: int | None,
    **options: Any,
) -> None:
    """Run the mock server until Ctrl-C.  Each exchange is a line on the screen when it has ended.

    Choose a scenario in the path (/s/ID/v1/chat/completions), by the header X-Streamproof-Scenario, or as the model
    "streamproof:ID".  With none chosen it is a well-behaved endpoint.  /docs is a page to try it from.
    The port speaks HTTP/1.1 and HTTP/2 in the clear; with --tls the certificates are made at the start.
    """
    if tls_port and not tls:
        raise StreamproofError("--tls-port opens nothing here", "give it with --tls")
    book = scenes.catalogue(scenarios)
    found = scenes.scenarios(book, patterns, select)
    temper = None
    if latency is not None or chaos is not None:
        temper = Temper(latency=latency, chaos=chaos, seed=secrets.randbelow(1 << 31) if seed is None else seed)
    elif seed is not None:
        raise StreamproofError("--seed draws nothing here", "give it with --latency or --chaos")
    if tls and workers > 1:
        raise StreamproofError(
            "--tls is for one process: each worker would have a certificate of its own", "leave --workers out"
        )
    plans = ScenarioBook(found, delivery)
    asked = Asked(temper=temper, tls=tls, tls_port=tls_port, **options)

    def announce(url: str) -> None:
        _announce(url, found)
        if temper is not None:
            click.echo(f"  by lot         --seed {temper.seed} draws the same again, request by request")

    if workers == 1:
        trio.run(_serve, plans, asked, None, announce)
        click.echo("stopped", err=True)
        return
    check_platform()
    # Tried here, once: a worker that calls the shared port may reach another one.
    trio.run(_try)
    with held_port(asked.host, asked.port) as port:
        shared = attrs.evolve(asked, port=port)

        def announce_all() -> None:
            announce(f"http://{f'[{asked.host}]' if ':' in asked.host else asked.host}:{port}")
            click.echo(f"  {workers} workers share the port, so")
            for line in GIVEN_UP:
                click.echo(f"    {line}")

        run_workers(workers, lambda worker: trio.run(_serve, plans, shared, worker, None), announce_all)
    click.echo("stopped", err=True)


@attrs.frozen(kw_only=True)
class Asked:
    """What the command line says of the server."""

    host: str
    port: int
    api_key: str | None
    control_token: str | None
    temper: Temper | None
    journal: str | None
    quiet: bool
    tls: bool
    tls_port: int


async def _serve(
    book: ScenarioBook, asked: Asked, worker: Worker | None, announce: Callable[[str], None] | None
) -> None:
    log = Log(quiet=asked.quiet, journal=asked.journal, worker=None if worker is None else worker.number)
    with ExitStack() as stack:
        # Signals are received to the very end: a second one must not cut the journal off.
        try:
            signals = stack.enter_context(trio.open_signal_receiver(signal.SIGINT, signal.SIGTERM))
        except (ValueError, RuntimeError) as error:
            raise StreamproofError(f"signals cannot be received here: {error}") from error
        stack.callback(log.close)
        async with trio.open_nursery() as nursery:
            stop = trio.Event()
            nursery.start_soon(_heed, signals, stop)
            nursery.start_soon(log.run)
            if worker is not None:
                nursery.start_soon(_mind_parent, worker.alive, stop)
            await _until_stopped(book, asked, worker, announce, log, stop)
            nursery.cancel_scope.cancel()


async def _heed(signals: AsyncIterator[int], stop: trio.Event) -> None:
    """Stops at the first signal; trio would deliver those that nobody has taken once more."""
    async for _ in signals:
        stop.set()


async def _mind_parent(alive: int, stop: trio.Event) -> None:
    """A worker whose parent is gone has nobody to stop it."""
    await trio.lowlevel.wait_readable(alive)
    stop.set()


async def _until_stopped(
    book: ScenarioBook,
    asked: Asked,
    worker: Worker | None,
    announce: Callable[[str], None] | None,
    log: Log,
    stop: trio.Event,
) -> None:
    async with serving(
        host=asked.host,
        port=asked.port,
        api_key=asked.api_key,
        control_token=asked.control_token,
        temper=asked.temper,
        tls=asked.tls,
        tls_port=asked.tls_port,
        book=book,
        allow_remote=True,
        reuse_port=worker is not None,
        on_finish=log.add if log.wants else None,
    ) as server:
        if server.warning and (worker is None or worker.number == 0):
            click.echo(f"warning: {server.warning}", err=True)
        if announce is not None:
            announce(server.url)
        if server.ca_file is not None:
            _announce_tls(server)
        if worker is not None:
            os.write(worker.ready, b".")
        await stop.wait()
        # What thousands of streams hold is not searched for cycles again and again while it is given up.
        gc.freeze()


async def _try() -> None:
    async with serving():
        pass


def _announce(url: str, found: Sequence[Scenario]) -> None:
    click.echo(f"streamproof is listening on {url}   (docs: {url}/docs, journal: {url}/__streamproof__/journal)")
    click.echo(f"  well behaved   export OPENAI_BASE_URL={url}/v1 OPENAI_API_KEY=sk-test")
    # Whoever reads it tries it, so it is in the dialect of the line before where one can be.
    first = next((scenario for scenario in found if USUAL in scenario.dialects), found[0])
    dialect = DIALECTS[USUAL if USUAL in first.dialects else first.dialects[0]]
    variable = _BASE_URLS.get(dialect.name)
    origin, more = f"{url}/s/{first.id}", f"     ({len(found)} to choose from)"
    base = f"export {variable}={origin}" if variable else f"{dialect.name}: {origin}"
    click.echo(f"  a scenario     {base}{dialect.base_path}{more}")
    words = [f"{origin}{dialect.target()}", "-H", "content-type: application/json"]
    words += [word for name, text in dialect.headers.items() for word in ("-H", f"{name}: {text}")]
    body = json.dumps(dict(dialect.request), separators=(",", ":"))
    click.echo(f"  curl           curl -N {shlex.join(words)} -d {shlex.quote(body)}")


def _announce_tls(server: MockServer) -> None:
    click.echo(f"  TLS            {server.url_over('h2')}   (HTTP/2 and HTTP/1.1 by ALPN)")
    click.echo(f"                 {server.url_over('h1-tls')}   (HTTP/1.1 alone)")
    click.echo(f"                 export SSL_CERT_FILE={server.ca_file}   # trust it until the server stops")
