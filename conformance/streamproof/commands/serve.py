"""`streamproof serve`: the mock server, to point any client at."""

from __future__ import annotations

import secrets
import signal
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

import click
import trio

from streamproof.commands import scenes
from streamproof.commands.options import one_delivery, selecting
from streamproof.errors import StreamproofError
from streamproof.running.book import ScenarioBook
from streamproof_mock.behaviour.chaos import Chaos, read_chaos
from streamproof_mock.behaviour.latency import Latency, read_latency
from streamproof_mock.behaviour.temper import Temper
from streamproof_mock.server import MockServer, serving
from streamproof_scenarios.model import Scenario

T = TypeVar("T")


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
    host: str,
    port: int,
    api_key: str | None,
    tls: bool,
    tls_port: int,
    control_token: str | None,
    delivery: str,
    latency: Latency | None,
    chaos: Chaos | None,
    seed: int | None,
) -> None:
    """Run the mock server until Ctrl-C.

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
    options = {"host": host, "port": port, "api_key": api_key, "control_token": control_token, "temper": temper}
    options |= {"tls": tls, "tls_port": tls_port}
    trio.run(_serve, ScenarioBook(found, delivery), found, options)


async def _serve(book: ScenarioBook, found: Sequence[Scenario], options: Mapping[str, Any]) -> None:
    async with serving(book=book, allow_remote=True, **options) as server:
        if server.warning:
            click.echo(f"warning: {server.warning}", err=True)
        _announce(server, found)
        if server.ca_file is not None:
            _announce_tls(server)
        temper = options["temper"]
        if temper is not None:
            click.echo(f"  by lot         --seed {temper.seed} draws the same again, request by request")
        try:
            with trio.open_signal_receiver(signal.SIGINT, signal.SIGTERM) as signals:
                async for _ in signals:
                    break
        except (ValueError, RuntimeError) as error:
            raise StreamproofError(f"signals cannot be received here: {error}") from error
    click.echo("stopped", err=True)


def _announce(server: MockServer, found: Sequence[Scenario]) -> None:
    url = server.url
    click.echo(f"streamproof is listening on {url}   (docs: {url}/docs, journal: {url}/__streamproof__/journal)")
    click.echo(f"  well behaved   export OPENAI_BASE_URL={url}/v1 OPENAI_API_KEY=sk-test")
    first = found[0].id
    click.echo(f"  a scenario     export OPENAI_BASE_URL={url}/s/{first}/v1     ({len(found)} to choose from)")
    click.echo(
        f"  curl           curl -N {url}/s/{first}/v1/chat/completions -H 'content-type: application/json' "
        """-d '{"model":"m","messages":[{"role":"user","content":"hi"}],"stream":true}'"""
    )


def _announce_tls(server: MockServer) -> None:
    click.echo(f"  TLS            {server.url_over('h2')}   (HTTP/2 and HTTP/1.1 by ALPN)")
    click.echo(f"                 {server.url_over('h1-tls')}   (HTTP/1.1 alone)")
    click.echo(f"                 export SSL_CERT_FILE={server.ca_file}   # trust it until the server stops")
