"""Small whole answers of the server's own, as plans: JSON with a status, and no body at all."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from streamproof_scenarios.plan import AnswerPlan, Operation, Write

Headers = tuple[tuple[str, str], ...]


def json_reply(status: int, body: Any, *, headers: Headers = (), close: bool = False) -> AnswerPlan:
    """One JSON body with its length announced."""
    return whole_reply(
        status, json.dumps(body, ensure_ascii=False).encode(), "application/json", headers=headers, close=close
    )


def whole_reply(
    status: int, data: bytes, content_type: str, *, headers: Headers = (), close: bool = False
) -> AnswerPlan:
    """One body of any type with its length announced."""

    def operations() -> Iterator[Operation]:
        yield Write(data)

    return AnswerPlan(
        status=status,
        headers=(("content-type", content_type), *headers),
        framing="length",
        content_length=len(data),
        close=close,
        operations=operations,
    )


def empty_reply(status: int, headers: Headers = ()) -> AnswerPlan:
    """A head and nothing more."""
    return AnswerPlan(status=status, headers=headers, framing="length", content_length=0, operations=lambda: iter(()))


def complaint(status: int, message: str, *, headers: Headers = (), close: bool = False) -> AnswerPlan:
    """The server's own complaint, in the error shape that most clients show: `{"error": {"message": ...}}`."""
    error = {"message": message, "type": "streamproof_error", "param": None, "code": None}
    return json_reply(status, {"error": error}, headers=headers, close=close)
