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
from collections.abc import AsyncIterable, Callable, Iterable, Mapping
from typing import Any, Final, TextIO

PIECES: Final = ("text", "reasoning", "refusal")
SET: Final = ("finish_reason", "tool_calls", "function_call")
WHOLE: Final = ("choices", "usage", "error", "stopped")

Function = Callable[[Mapping[str, Any]], Any]


class _Misuse(Exception):  # noqa: N818 - becomes an `adapter_error`
    """The function gave something that has no meaning here."""


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
                except _Misuse as misuse:
                    self.say("adapter_error", id=message["id"], message=str(misuse))

    def say(self, kind: str, **fields: Any) -> None:
        """Writes one message."""
        try:
            line = json.dumps({"type": kind, **fields})
        except (TypeError, ValueError) as error:
            raise _Misuse(f"expected the function to give values that JSON has; found others: {error}") from None
        self._out.write(line + "\n")
        self._out.flush()

    def _run(self, run: Mapping[str, Any], runner: asyncio.Runner) -> None:
        answer = _Answer(run, self)
        try:
            given = self._function(run)
            if inspect.iscoroutine(given):
                given = runner.run(given)
            if hasattr(given, "__aiter__"):
                # In one task from end to end: libraries tie their timeouts to the task.
                runner.run(_drain(given, answer))
            elif hasattr(given, "__iter__") and not isinstance(given, str | Mapping):
                _walk(given, answer)
            elif given is not None:
                answer.take(given)
        except _Misuse:
            raise
        except Exception as error:  # noqa: BLE001 - whatever the client raises is what it said
            answer.fail(error)
        self.say("result", id=run["id"], **answer.result())


class _Answer:
    """Joins the pieces of one run."""

    def __init__(self, run: Mapping[str, Any], adapter: Adapter) -> None:
        self._run = run
        self._adapter = adapter
        self._choices: dict[int, dict[str, Any]] = {}
        self._whole: dict[str, Any] = {}
        self._reports = 0
        self._begun = False

    def take(self, piece: Any) -> bool:
        """Takes one piece; True if the run asked to stop here."""
        if isinstance(piece, str):
            piece = {"text": piece}
        if not isinstance(piece, Mapping) or not any(key in piece for key in (*PIECES, *SET, *WHOLE)):
            expected = f"text, or a mapping with one of {', '.join((*PIECES, *SET, *WHOLE))}"
            raise _Misuse(f"expected the function to give {expected}; found {repr(piece)[:120]}")
        self._whole.update({key: piece[key] for key in WHOLE if key in piece})
        index = piece.get("choice", 0)
        settled = {key: piece[key] for key in SET if key in piece}
        pieces = {key: piece[key] for key in PIECES if piece.get(key) is not None}
        if settled or pieces:
            into = self._choices.setdefault(index, {})
            into.update(settled)
            for key, text in pieces.items():
                into[key] = into.get(key, "") + text
        if pieces:
            self._adapter.say("delta", id=self._run["id"], choice=index, **pieces)
            self._reports += 1
        self._begun = True
        stop = self._run.get("stop")
        if stop and pieces and self._reports == stop["after"]:
            self._whole["stopped"] = True
            return True
        return False

    def fail(self, error: Exception) -> None:
        """Takes what the client raised."""
        self._whole["error"] = _error(error, "stream" if self._begun else "open")

    def result(self) -> dict[str, Any]:
        """The fields of the protocol's result."""
        choices = [{"index": index, **choice} for index, choice in sorted(self._choices.items())]
        return {"choices": choices, **self._whole}


def _walk(given: Iterable[Any], answer: _Answer) -> None:
    try:
        for piece in given:
            if answer.take(piece):
                break
    finally:
        if hasattr(given, "close"):
            given.close()


async def _drain(given: AsyncIterable[Any], answer: _Answer) -> None:
    try:
        async for piece in given:
            if answer.take(piece):
                break
    finally:
        if hasattr(given, "aclose"):
            await given.aclose()


def _error(error: Exception, phase: str) -> dict[str, Any]:
    status = getattr(error, "status_code", getattr(error, "status", None))
    code = getattr(error, "code", None)
    return {
        "type": type(error).__name__,
        "message": str(error),
        "status": status if isinstance(status, int) and not isinstance(status, bool) else None,
        "code": code if isinstance(code, str | int) and not isinstance(code, bool) else None,
        "phase": phase,
        "raised": "thrown",
    }


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
