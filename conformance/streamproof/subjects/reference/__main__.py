"""The adapter: JSON lines on stdin and stdout, one run at a time (`python -m streamproof.subjects.reference`)."""

from __future__ import annotations

import json
import platform
import sys
from collections.abc import Mapping
from typing import Any, Final

from streamproof.subjects.reference.client import Client
from streamproof.subjects.reference.dialects import DIALECTS
from streamproof.subjects.reference.error import ClientError
from streamproof.subjects.reference.message import Delta

Json = Any

VERSION: Final = "1.0"
CAPABILITIES: Final = (
    "finish_reason", "tools", "tool_ids", "n", "usage", "reasoning", "refusal", "function_call", "error_status",
    "idle_timeout", "max_retries", "stop", "reuse", "parallel", "http2",
    "tls",
)  # fmt: skip


def say(type_: str, **fields: Json) -> None:
    """Writes one line and flushes it."""
    sys.stdout.write(json.dumps({"type": type_, **fields}) + "\n")
    sys.stdout.flush()


def say_delta(number: int, delta: Delta) -> None:
    """Hands out a piece of text."""
    say("delta", id=number, choice=delta.choice, **{delta.kind: delta.text})


def play(run: Mapping[str, Json], client: Client) -> None:
    """One run, from the request to its result."""
    stop = run.get("stop")
    session = client.stream(run)
    deltas = session.deltas()
    stopped, error, reports = False, None, 0
    try:
        for delta in deltas:
            say_delta(run["id"], delta)
            reports += 1
            if stop and reports >= stop["after"]:
                stopped = True
                deltas.close()
                break
    except ClientError as fault:
        error = fault.report()
    if not stopped:
        for delta in session.flush():
            say_delta(run["id"], delta)
    say("result", id=run["id"], **session.report(), error=error, stopped=stopped, extra_output="")


def main() -> None:
    """Speaks the protocol until it is told to stop or nobody is left to tell."""
    clients: dict[str, Client] = {}
    for line in sys.stdin:
        message = json.loads(line)
        match message["type"]:
            case "hello":
                say(
                    "hello",
                    protocol=1,
                    client="reference",
                    version=VERSION,
                    language="python",
                    runtime=f"{platform.python_implementation()} {platform.python_version()}",
                    dialects=list(DIALECTS),
                    reports="message",
                    capabilities=list(CAPABILITIES),
                )
            case "run":
                name = message.get("client")
                client = Client() if name is None else clients.setdefault(name, Client())
                try:
                    play(message, client)
                except (KeyError, TypeError, ValueError) as wrong:
                    say("adapter_error", id=message.get("id"), message=f"{type(wrong).__name__}: {wrong}")
                if name is None:
                    client.close()
            case "bye":
                break
            case other:
                say("adapter_error", id=message.get("id"), message=f"expected hello, run or bye, found {other!r}")


if __name__ == "__main__":
    main()
