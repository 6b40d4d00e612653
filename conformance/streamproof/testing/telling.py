"""What a test tells of its client: pieces, items or events as they come, and how it ended."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Mapping
from time import perf_counter_ns
from typing import Any, Final

import attrs

from streamproof.adapters.pieces import Misuse, Pieces, drain, error_of, walk
from streamproof.adapters.said import Ended, Hello, Report, Reports, Said

INHERENT: Final = frozenset(
    {"finish_reason", "tools", "tool_ids", "n", "usage", "reasoning", "refusal", "function_call"}
)
"""What a client can say that hands out whole chunks or events."""

_PARTS: Final = ("event", "data", "id")


def hello_of(dialect: str, reports: Reports, capabilities: Iterable[str]) -> Hello:
    """A client as it would introduce itself."""
    can = frozenset(capabilities) | (INHERENT if reports != "message" else frozenset())
    return Hello(client="this test", language="python", dialects=(dialect,), reports=reports, capabilities=can)


class Telling:
    """One run of a client, as it is told.  `on_report` is called with each report as it comes."""

    def __init__(
        self, reports: Reports, on_report: Callable[[Report], None], stop: Mapping[str, Any] | None = None
    ) -> None:
        self._reports: Reports = reports
        self._on_report = on_report
        self._stop = stop
        self._told: list[Report] = []
        self._pieces = Pieces(self._delta, stop if reports == "message" else None)
        self._error: dict[str, Any] | None = None
        self._stopped = False
        self._started_ns = perf_counter_ns()

    def take(self, piece: Any) -> bool:
        """Takes a piece, item or event; True when the run asked to stop here.  Raises Misuse."""
        match self._reports:
            case "message":
                return self._pieces.take(_readable(piece))
            case "items":
                self._tell("item", item_of(piece))
            case "events":
                self._tell("event", event_of(piece))
        self._stopped = self._stop is not None and len(self._told) == self._stop["after"]
        return self._stopped

    def take_all(self, pieces: Iterable[Any]) -> None:
        """Takes what an iterator gives, and what it raises as the client's error.  Raises Misuse."""
        try:
            walk(pieces, self.take)
        except (Misuse, AssertionError):
            raise
        except Exception as error:  # noqa: BLE001 - whatever the client raises is what it said
            self.fail(error)

    def fail(self, error: Exception) -> None:
        """Takes what the client raised."""
        self._error = error_of(error, "stream" if self._told else "open")

    def run(self, function: Callable[[Mapping[str, Any]], Any], run: Mapping[str, Any]) -> None:
        """Calls the function, and takes what it returns or yields, or raises.  Raises Misuse."""
        try:
            given = function(run)
            _refuse_async(given)
            if _is_many(given):
                walk(given, self.take)
            elif given is not None:
                self.take(given)
        except (Misuse, AssertionError):
            raise
        except Exception as error:  # noqa: BLE001 - whatever the client raises is what it said
            self.fail(error)

    async def run_async(self, function: Callable[[Mapping[str, Any]], Any], run: Mapping[str, Any]) -> None:
        """The same of an async function, or one that gives an async iterator, in the event loop that runs."""
        try:
            given = function(run)
            if inspect.isawaitable(given):
                given = await given
            if hasattr(given, "__aiter__"):
                await drain(given, self.take)
            elif _is_many(given):
                walk(given, self.take)
            elif given is not None:
                self.take(given)
        except (Misuse, AssertionError):
            raise
        except Exception as error:  # noqa: BLE001 - whatever the client raises is what it said
            self.fail(error)

    def said(self, ended: Ended = "result") -> Said:
        """All that was told."""
        result: dict[str, Any] = self._pieces.result() if self._reports == "message" else {"stopped": self._stopped}
        if self._error is not None:
            result["error"] = self._error
        return Said(
            reports=tuple(self._told),
            result=result if ended == "result" else None,
            ended=ended,
            fault=None if ended == "result" else "no result within the time limit",
            started_ns=self._started_ns,
            ended_ns=perf_counter_ns(),
        )

    def _delta(self, choice: int, pieces: Mapping[str, str]) -> None:
        self._tell("delta", {"choice": choice, **pieces})

    def _tell(self, kind: Any, data: Mapping[str, Any]) -> None:
        report = Report(perf_counter_ns(), kind, data)
        self._told.append(report)
        self._on_report(report)


def _refuse_async(given: Any) -> None:
    if inspect.iscoroutine(given):
        given.close()
    if inspect.isawaitable(given) or hasattr(given, "__aiter__"):
        raise Misuse("expected a plain function, found an async one: await acheck(function) instead")


def _is_many(given: Any) -> bool:
    is_one = isinstance(given, str | bytes | Mapping) or hasattr(given, "model_dump")
    return hasattr(given, "__iter__") and not is_one


def _readable(piece: Any) -> Any:
    """A mapping with an exception for its error says so in the protocol's words."""
    if isinstance(piece, Mapping) and isinstance(piece.get("error"), Exception):
        begun = any(piece.get(key) for key in ("text", "reasoning", "refusal", "choices"))
        return {**piece, "error": error_of(piece["error"], "stream" if begun else "open")}
    return piece


def item_of(chunk: Any) -> Mapping[str, Any]:
    """A chunk of an SDK as JSON: a mapping, a pydantic model, an attrs class or a dataclass.  Raises Misuse."""
    if isinstance(chunk, Mapping):
        return chunk
    if hasattr(chunk, "model_dump"):
        # What the SDK filled in by itself was not sent.
        dumped: Mapping[str, Any] = chunk.model_dump(mode="json", by_alias=True, exclude_unset=True, warnings=False)
        return dumped
    if hasattr(chunk, "__dataclass_fields__"):
        import dataclasses  # noqa: PLC0415 - few need it

        return dataclasses.asdict(chunk)
    if attrs.has(type(chunk)):
        return attrs.asdict(chunk)
    raise Misuse(f"expected chunks as mappings or models, found {repr(chunk)[:120]}; turn them into dicts")


def event_of(event: Any) -> Mapping[str, Any]:
    """An event of an SSE library: a mapping, or an object with `event`, `data` and `id`.  Raises Misuse."""
    if isinstance(event, Mapping):
        found = {name: event.get(name) for name in (*_PARTS, "last_event_id")}
    else:
        found = {name: getattr(event, name, None) for name in _PARTS}
    if not isinstance(found["data"], str):
        raise Misuse(f"expected events with event and data as text, found {repr(event)[:120]}")
    return {
        "event": found["event"] or "message",
        "data": found["data"],
        "last_event_id": found.get("last_event_id") or found["id"] or "",
    }
