"""Refusals in the documented error shape of each dialect."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from typing import Any, Final

import attrs

from streamproof_mock.replies import json_reply
from streamproof_scenarios.plan import AnswerPlan


@attrs.frozen
class Refusal(Exception):  # noqa: N818  an answer, not a fault
    """A request that is refused: `status`, a sentence, and the place in the request that is at fault."""

    status: int
    message: str
    param: str | None = None
    code: str | None = None
    headers: tuple[tuple[str, str], ...] = ()


_OPENAI_TYPES: Final = {401: "authentication_error", 404: "not_found_error", 429: "rate_limit_error"}


def _openai_type(status: int) -> str:
    return _OPENAI_TYPES.get(status, "invalid_request_error" if status < 500 else "server_error")


def _openai(refusal: Refusal) -> Any:
    # `Error` of the OpenAI OpenAPI document: message and type are required, param and code may be null.
    return {
        "error": {
            "message": refusal.message,
            "type": _openai_type(refusal.status),
            "param": refusal.param,
            "code": refusal.code,
        }
    }


# Internal codes of Workers AI and the HTTP status of each, as its provider for the AI SDK reads them.
_WORKERS_CODES: Final = {400: 5004, 401: 10000, 404: 3042, 405: 5005, 413: 3006, 429: 3040, 501: 3008}


def _workers(refusal: Refusal) -> Any:
    error = {"code": _WORKERS_CODES.get(refusal.status, 5004), "message": refusal.message}
    # Ollama shares the path /api/chat, and a body that cannot be read does not tell which of the two is meant: `error`
    # is what its clients look for.
    return {"result": None, "success": False, "errors": [error], "messages": [], "error": refusal.message}


_ANTHROPIC_TYPES: Final = {
    401: "authentication_error",
    403: "permission_error",
    404: "not_found_error",
    413: "request_too_large",
    429: "rate_limit_error",
    504: "timeout_error",
    529: "overloaded_error",
}


def _anthropic(refusal: Refusal) -> Any:
    usual = "invalid_request_error" if refusal.status < 500 else "api_error"
    kind = _ANTHROPIC_TYPES.get(refusal.status, usual)
    request_id = f"req_{secrets.token_hex(12)}"
    return {"type": "error", "error": {"type": kind, "message": refusal.message}, "request_id": request_id}


_GOOGLE_NAMES: Final = {
    401: "UNAUTHENTICATED",
    403: "PERMISSION_DENIED",
    404: "NOT_FOUND",
    429: "RESOURCE_EXHAUSTED",
    501: "UNIMPLEMENTED",
    503: "UNAVAILABLE",
    504: "DEADLINE_EXCEEDED",
}
"""Codes of google.rpc.Code, by the HTTP status that each is mapped to."""


def _gemini(refusal: Refusal) -> Any:
    usual = "INVALID_ARGUMENT" if refusal.status < 500 else "INTERNAL"
    name = _GOOGLE_NAMES.get(refusal.status, usual)
    return {"error": {"code": refusal.status, "message": refusal.message, "status": name}}


def _mistral(refusal: Refusal) -> Any:
    # "HTTPValidationError" of Mistral's openapi.yaml under 422; its error glossary for all else.
    if refusal.status == 422:
        loc: list[str | int] = ["body", *((refusal.param or "").split(".") if refusal.param else ())]
        return {"detail": [{"type": "value_error", "loc": loc, "msg": refusal.message}]}
    kind = _openai_type(refusal.status)
    return {
        "object": "error",
        "message": refusal.message,
        "type": "invalid_request_error" if refusal.status == 404 else kind,
        "param": refusal.param,
        "code": refusal.code,
    }


_SHAPES: Final[dict[str, Callable[[Refusal], Any]]] = {
    "workers-ai": _workers,
    "anthropic-messages": _anthropic,
    "gemini": _gemini,
    "mistral": _mistral,
    "ollama-chat": lambda refusal: {"error": refusal.message},
    "cohere-v2": lambda refusal: {"message": refusal.message},
}


def refused(refusal: Refusal, dialect: str | None, *, close: bool = False) -> AnswerPlan:
    """The answer that refuses, in the dialect's shape; OpenAI's where the path speaks no dialect."""
    shape = _SHAPES.get(dialect or "", _openai)
    return json_reply(refusal.status, shape(refusal), headers=refusal.headers, close=close)
