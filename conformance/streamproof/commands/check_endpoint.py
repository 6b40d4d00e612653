"""`streamproof check endpoint URL`: probe a live endpoint."""

from __future__ import annotations

import os
import shlex
import ssl
from collections.abc import Mapping
from typing import Any, Final

import click
import trio

from streamproof.commands.options import RunOptions, judging, run_options
from streamproof.commands.output import Output
from streamproof.errors import StreamproofError
from streamproof.probing.address import checked_headers, checked_key, checked_name, whole_address
from streamproof.probing.call import Endpoint
from streamproof.probing.prober import TRIES, Prober
from streamproof.probing.probes import PROBES, Asking, most_bytes, plan_of
from streamproof_formats.profiles import PROFILES

TIMEOUT_S: Final = 30.0

NAMES: Final = tuple(dict.fromkeys(probe.name for probes in PROBES.values() for probe in probes))

REPEATED: Final = {
    "model": "gpt-4o-mini",
    "profile": "strict",
    "token_field": "max_completion_tokens",
    "tokens": 48,
    "api_key_env": "STREAMPROOF_API_KEY",
    "api_key_header": "authorization",
    "ca_file": None,
    "timeout": None,
    "max_bytes": None,
    "strict": False,
}
"""Options that a command must repeat to probe again, with their defaults."""


@click.command("endpoint")
@click.argument("url")
@click.option("--dialect", required=True, type=click.Choice(list(PROBES)), help="What the endpoint speaks.")
@click.option("--model", default=REPEATED["model"], show_default=True, help="The model to ask.")
@click.option("--profile", default="strict", type=click.Choice(list(PROFILES)), help="Deviations to allow.")
@click.option("--plan", is_flag=True, help="Show the requests and the tokens that they can cost at most; send nothing.")
@click.option("--probe", "names", multiple=True, type=click.Choice(NAMES), help="Only this probe (may be repeated).")
@click.option(
    "--api-key-env",
    default=REPEATED["api_key_env"],
    show_default=True,
    metavar="NAME",
    help="The environment variable that holds the key.",
)
@click.option(
    "--api-key-header",
    default="authorization",
    show_default=True,
    metavar="NAME",
    help="The header that takes the key; in any other than authorization it stands bare.",
)
@click.option(
    "--header", "headers", multiple=True, metavar="'NAME: VALUE'", help="A further header of each request; no secrets."
)
@click.option(
    "--ca-file", type=click.Path(exists=True, dir_okay=False), help="Certificates to trust instead of the system's."
)
@click.option(
    "--token-field",
    default="max_completion_tokens",
    show_default=True,
    type=click.Choice(["max_completion_tokens", "max_tokens"]),
    help="The field that bounds the tokens of an answer.",
)
@click.option(
    "--tokens",
    default=48,
    type=click.IntRange(1, 100_000),
    show_default=True,
    help="Tokens that an ordinary answer may have.",
)
@click.option(
    "--max-requests",
    default=40,
    type=click.IntRange(1, 1000),
    show_default=True,
    help="Requests in all, repeated ones too.",
)
@click.option(
    "--max-bytes", type=click.IntRange(min=1024), help="Bytes of one answer (default 1 MiB, more with --tokens)."
)
@click.option(
    "--max-time",
    type=click.FloatRange(min=0.1),
    metavar="S",
    help="Stop after this many seconds; what was not reached is not reported as passed.",
)
@judging
def check_endpoint(url: str, dialect: str, model: str, profile: str, plan: bool, **given: Any) -> None:
    """Probe an endpoint and judge its answers by the documents.

    URL is the base URL that an SDK would take (https://host/v1), or the whole address of the call.  The key comes from
    the environment and appears in no output.  --timeout is for one answer as a whole (default 30).
    """  # fmt: skip
    options = run_options({**given, "timeout": given["timeout"] or TIMEOUT_S})
    asking = Asking(model=model, token_field=given["token_field"], tokens=given["tokens"])
    probes = plan_of(dialect, given["names"])
    endpoint = Endpoint(
        url=whole_address(url, dialect),
        key=checked_key(os.environ.get(given["api_key_env"]), given["api_key_env"]),
        key_header=checked_name(given["api_key_header"]),
        headers=checked_headers(given["headers"]),
        tls=_trusting(given["ca_file"]),
        timeout_s=options.timeout_s,
        max_bytes=given["max_bytes"] or most_bytes(probes, asking),
    )
    prober = Prober(
        endpoint=endpoint,
        dialect=dialect,
        asking=asking,
        probes=probes,
        profile=profile,
        strict=options.strict,
        max_requests=given["max_requests"],
        command=_command(url, dialect, {**given, "model": model, "profile": profile}),
        key_variable=given["api_key_env"],
    )
    if plan:
        _show_plan(prober)
        return
    trio.run(_run, prober, options)


async def _run(prober: Prober, options: RunOptions) -> None:
    subject = f"{prober.endpoint.url} ({prober.dialect}, model {prober.asking.model}, profile {prober.profile})"
    with Output(options, "endpoint", (subject,), len(prober.probes)) as output:
        with trio.move_on_after(options.max_time_s or float("inf")) as scope:
            await prober.run(output.case, output.totals)
        output.interrupted = scope.cancelled_caught
    raise SystemExit(output.exit_code)


def _trusting(ca_file: str | None) -> ssl.SSLContext | None:
    try:
        return None if ca_file is None else ssl.create_default_context(cafile=ca_file)
    except (ssl.SSLError, OSError) as error:
        raise StreamproofError(f"--ca-file {ca_file}: expected certificates in PEM: {error}") from error


def _command(url: str, dialect: str, given: Mapping[str, Any]) -> str:
    """The command that probes the same endpoint in the same way."""
    words = ["streamproof", "check", "endpoint", url, "--dialect", dialect]
    for name, default in REPEATED.items():
        if given[name] != default:
            words.append("--" + name.replace("_", "-"))
            words += [] if given[name] is True else [f"{given[name]}"]
    for header in given["headers"]:
        words += ["--header", header]
    return shlex.join(words)


def _show_plan(prober: Prober) -> None:
    endpoint, asking = prober.endpoint, prober.asking
    key = (
        "with the key in " + prober.key_variable
        if endpoint.key
        else f"without a key ({prober.key_variable} is not set)"
    )
    click.echo(f"would send to {endpoint.url} (model {asking.model}), {key}:")
    requests = total = 0
    for probe in prober.probes:
        if probe.wrong_key and endpoint.key is None:
            click.echo(f"  {probe.name:14}    not sent   {probe.title}: there is no key to tell it from")
            continue
        tokens = probe.tokens(asking)
        total += tokens
        requests += 2 if probe.wants == "abort" else 1
        last = "; then a plain request" if probe.wants == "abort" else ""
        click.echo(f"  {probe.name:14} {tokens:4} tokens   {probe.title}{last}")
    click.echo(f"{requests} requests, {total} tokens of answers at most")
    click.echo(
        f"a request that gets 429 or 5xx is sent {TRIES} times at most, {prober.max_requests} requests in all; "
        f"an answer is read for {endpoint.timeout_s:g} s and {endpoint.max_bytes:,} bytes at most"
    )
