"""Adapter for a Python function: `python -m streamproof.adapters.python_function module:function`.

The function takes the run as a mapping (`base_url`, `url`, `api_key`, `request`, ...) and returns or yields, in a plain
or an async function or generator:

- text: a piece of choice 0;
- a mapping with `text`, `reasoning` or `refusal`: pieces of `choice` (0); with `finish_reason`, `tool_calls` or
  `function_call`: set for that choice;
- a mapping with `choices`, `usage`, `error` or `stopped`: that part of the protocol's result, as it is.

What it raises is the client's error.
"""

from __future__ import annotations

import argparse
import asyncio
import importlib
import inspect
import json
import platform
import sys
from collections.abc import Callable, Mapping
from typing import Any, TextIO

from streamproof.adapters.pieces import Misuse, Pieces, drain, walk

Function = Callable[[Mapping[str, Any]], Any]


class Adapter:
    """Answers the protocol on `out` for one function."""

    def __init__(self, function: Function, hello: Mapping[str, Any], out: TextIO) -> None:
        self._function = function
        self._hello = hello
        self._out = out

    def serve(self, lines: TextIO) -> None:
        """Answers until bye or the end of input."""
        with asyncio.Runner() as runner:
            for line in lines:
                message = json.loads(line)
                if message["type"] == "bye":
                    return
                if message["type"] == "hello":
                    self.say("hello", **self._hello)
                    continue
                try:
                    self._run(message, runner)
                except Misuse as misuse:
                    self.say("adapter_error", id=message["id"], message=str(misuse))

    def say(self, kind: str, **fields: Any) -> None:
        """Writes one message."""
        try:
            line = json.dumps({"type": kind, **fields})
        except (TypeError, ValueError) as error:
            raise Misuse(f"expected the function to give values that JSON has; found others: {error}") from None
        self._out.write(line + "\n")
        self._out.flush()

    def _run(self, run: Mapping[str, Any], runner: asyncio.Runner) -> None:
        answer = Pieces(
            lambda choice, pieces: self.say("delta", id=run["id"], choice=choice, **pieces), run.get("stop")
        )
        try:
            given = self._function(run)
            if inspect.iscoroutine(given):
                given = runner.run(given)
            if hasattr(given, "__aiter__"):
                # In one task from end to end: libraries tie their timeouts to the task.
                runner.run(drain(given, answer.take))
            elif hasattr(given, "__iter__") and not isinstance(given, str | Mapping):
                walk(given, answer.take)
            elif given is not None:
                answer.take(given)
        except Misuse:
            raise
        except Exception as error:  # noqa: BLE001 - whatever the client raises is what it said
            answer.fail(error)
        self.say("result", id=run["id"], **answer.result())


def find(target: str) -> Function:
    """The function that `module:function` names.  SystemExit, in words, if there is none."""
    module_name, _, path = target.partition(":")
    if not module_name or not path:
        sys.exit(f"expected module:function, found {target!r}")
    try:
        found: Any = importlib.import_module(module_name)
    except ModuleNotFoundError as error:
        if error.name is None or not (module_name == error.name or module_name.startswith(f"{error.name}.")):
            raise
        sys.exit(f"expected the module {module_name}, found none; start from its folder, or install it")
    for name in path.split("."):
        if not hasattr(found, name):
            sys.exit(f"expected {path} in the module {module_name}, found no {name}")
        found = getattr(found, name)
    if not callable(found):
        sys.exit(f"expected {target} to be a function, found {type(found).__name__}")
    return found  # type: ignore[no-any-return]  # callable is all that can be known of it


def main() -> None:
    """Serves the function on standard input and output."""
    options = argparse.ArgumentParser(prog="streamproof.adapters.python_function")
    options.add_argument("target", help="module:function")
    options.add_argument("--dialects", default="openai-chat")
    options.add_argument("--capabilities", default="")
    given = options.parse_args()
    # What the function prints must not reach the protocol.
    out, sys.stdout = sys.stdout, sys.stderr
    function = find(given.target)
    capabilities = {word for word in given.capabilities.split(",") if word}
    if inspect.isgeneratorfunction(function) or inspect.isasyncgenfunction(function):
        capabilities.add("stop")
    hello = {
        "protocol": 1,
        "client": given.target,
        "version": "",
        "language": "python",
        "runtime": f"{platform.python_implementation()} {platform.python_version()}",
        "dialects": given.dialects.split(","),
        "reports": "message",
        "capabilities": sorted(capabilities),
    }
    Adapter(function, hello, out).serve(sys.stdin)


if __name__ == "__main__":
    main()
