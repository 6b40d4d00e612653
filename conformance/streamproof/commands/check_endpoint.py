"""`streamproof check endpoint URL`: probe a live endpoint."""

from __future__ import annotations

import os
import shlex
import sys
from typing import Any

import click
import trio

from streamproof.commands.options import RunOptions, judging, run_options
from streamproof.commands.output import Output
from streamproof.errors import StreamproofError
from streamproof.probing.call import Endpoint
from streamproof.probing.prober import Prober
from streamproof.probing.probes import PROBES, Asking, plan_of
from streamproof_formats.dialects import DIALECTS
from streamproof_formats.profiles import PROFILES


@click.command("endpoint")
@click.argument("url")
@click.option("--dialect", required=True, type=click.Choice(list(PROBES)), help="What the endpoint speaks.")
@click.option("--model", help="The model to ask (default: the one of the dialect's usual request).")
@click.option("--profile", default="strict", type=click.Choice(list(PROFILES)), help="Deviations to allow.")
@click.option("--plan", is_flag=True, help="Show the requests and the tokens that they can cost at most; send nothing.")
@click.option(
    "--api-key-env",
    default="STREAMPROOF_API_KEY",
    show_default=True,
    metavar="NAME",
    help="Variable that holds the key.",
)
@click.option("--header", "headers", multiple=True, metavar="'NAME: VALUE'", help="A header of each request.")
@click.option(
    "--token-field",
    metavar="NAME",
    help="What bounds the tokens of an answer, as in max_tokens or options.num_predict (default: the dialect's own).",
)
@click.option("--max-requests", default=40, type=click.IntRange(1, 1000), show_default=True)
@judging
def check_endpoint(url: str, dialect: str, model: str | None, profile: str, plan: bool, **given: Any) -> None:
    """Probe an endpoint and judge its answers by the documents.

    URL is the base URL that an SDK would take (https://host/v1), or the whole address of the call.  The key comes from
    the environment and appears in no output.
    """
    options = run_options({**given, "timeout": given["timeout"] or 30.0})
    usual = DIALECTS[dialect]
    model = model or str(usual.request.get("model") or usual.model)
    limit = given["token_field"]
    asking = Asking(model=model, token_limit=tuple(limit.split(".")) if limit else usual.token_limit)
    endpoint = Endpoint(
        url=_address(url, dialect, model),
        key=os.environ.get(given["api_key_env"]) or None,
        headers=dict(_header(text) for text in given["headers"]),
        timeout_s=options.timeout_s,
        dialect=usual,
    )
    if plan:
        _show_plan(endpoint, dialect, asking)
        return
    prober = Prober(
        endpoint=endpoint,
        dialect=dialect,
        asking=asking,
        profile=profile,
        strict=options.strict,
        max_requests=given["max_requests"],
        reproduce=(shlex.join(["streamproof", *sys.argv[1:]]),),
    )
    trio.run(_run, prober, options)


async def _run(prober: Prober, options: RunOptions) -> None:
    planned = len(plan_of(prober.dialect))
    subject = f"{prober.endpoint.url} ({prober.dialect}, model {prober.asking.model}, profile {prober.profile})"
    with Output(options, "endpoint", (subject,), planned) as output:
        with trio.move_on_after(options.max_time_s or float("inf")) as scope:
            output.totals = {"requests": await prober.run(output.case)}
        output.interrupted = scope.cancelled_caught
    raise SystemExit(output.exit_code)


def _address(url: str, dialect: str, model: str) -> str:
    """The whole address: a base URL gets the dialect's path, and its query where it has none."""
    if not url.startswith(("http://", "https://")):
        raise StreamproofError(
            f"expected a URL of http or https, found {url!r}", "for example http://127.0.0.1:8080/v1"
        )
    spoken = DIALECTS[dialect]
    path, _, query = spoken.target(model).partition("?")
    address, mark, given = url.partition("?")
    address = address.rstrip("/")
    below = path.removeprefix(spoken.base_path)
    if not address.endswith(below):
        address += below if spoken.base_path and address.endswith(spoken.base_path) else path
    query = given if mark else query
    return f"{address}?{query}" if query else address


def _header(text: str) -> tuple[str, str]:
    name, colon, value = text.partition(":")
    if not colon or not name.strip():
        raise StreamproofError(f"--header: expected 'NAME: VALUE', found {name!r}")
    return name.strip(), value.strip()


def _show_plan(endpoint: Endpoint, dialect: str, asking: Asking) -> None:
    click.echo(f"would send to {endpoint.url} (model {asking.model}), {'with' if endpoint.key else 'without'} a key:")
    total = 0
    for probe in plan_of(dialect):
        tokens = probe.tokens(asking)
        total += tokens
        last = "   then a plain request" if probe.wants == "abort" else ""
        click.echo(f"  {probe.name:14} {tokens:5} tokens   {probe.title}{last}")
    click.echo(f"{len(plan_of(dialect)) + 1} requests, {total} tokens of answers at most")
