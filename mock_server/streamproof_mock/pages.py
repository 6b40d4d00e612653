"""The server's own pages: the index, the interactive documentation, and its description in OpenAPI."""

from __future__ import annotations

import base64
import hashlib
from importlib.resources import files
from typing import Any, Final

from quart import Blueprint, Response, jsonify

PATHS: Final = ("/", "/docs", "/openapi.json")

_INDEX: Final = """streamproof mock server

/docs                       try it in a browser
/openapi.json               the calls, in OpenAPI
/v1/chat/completions        chat completions (also /api/v1/chat/completions)
/ai/run/MODEL, /api/chat    Workers AI
/v1/models                  the models, one for each scenario
/s/ID/...                   the answer of a scenario, to any of the calls
/__streamproof__/journal    what this server saw and did
/__streamproof__/scenarios  the scenarios

A scenario is also chosen by the header X-Streamproof-Scenario: ID, or by the model "streamproof:ID".
"""


def pages() -> Blueprint:
    """The routes."""
    routes = Blueprint("pages", __name__)
    folder = files("streamproof_mock") / "page"
    script, style, page = ((folder / f"docs.{kind}").read_text("utf-8") for kind in ("js", "css", "html"))
    page = page.replace("/*STYLE*/", style).replace("/*SCRIPT*/", script)
    # The page shows bytes that anybody may have sent: nothing but its own script can run in it.
    policy = (
        f"default-src 'none'; script-src '{_digest(script)}'; style-src '{_digest(style)}'; connect-src 'self'; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )

    @routes.get("/")
    async def index() -> Response:
        return Response(_INDEX, content_type="text/plain; charset=utf-8")

    @routes.get("/docs")
    async def docs() -> Response:
        headers = {"content-security-policy": policy, "x-content-type-options": "nosniff"}
        return Response(page, content_type="text/html; charset=utf-8", headers=headers)

    @routes.get("/openapi.json")
    async def openapi() -> Response:
        return jsonify(_description())

    return routes


def _digest(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


def _description() -> dict[str, Any]:
    messages = {
        "type": "array",
        "minItems": 1,
        "items": {
            "type": "object",
            "required": ["role"],
            "properties": {"role": {"type": "string"}, "content": {}},
        },
    }
    chat = {
        "type": "object",
        "required": ["model", "messages"],
        "properties": {
            "model": {"type": "string"},
            "messages": messages,
            "stream": {"type": "boolean", "default": False},
            "n": {"type": "integer", "minimum": 1, "maximum": 128},
            "max_tokens": {"type": "integer", "minimum": 1},
            "stop": {"type": ["string", "array"]},
            "tools": {"type": "array"},
            "stream_options": {"type": "object"},
        },
    }
    workers = {
        "type": "object",
        "properties": {"messages": messages, "prompt": {"type": "string"}, "stream": {"type": "boolean"}},
    }
    calls = {
        "/v1/chat/completions": _call("Chat completions", chat),
        "/api/v1/chat/completions": _call("Chat completions", chat),
        "/api/chat": _call("Workers AI, always streaming (Ollama where the body names a model)", workers),
        "/ai/run/{model}": {
            **_call("Workers AI", workers),
            "parameters": [{"name": "model", "in": "path", "required": True, "schema": {"type": "string"}}],
        },
        "/v1/models": {"get": {"summary": "Models", "responses": {"200": {"description": "A list of models"}}}},
    }
    return {"openapi": "3.1.0", "info": {"title": "streamproof mock server", "version": "1"}, "paths": calls}


def _call(summary: str, schema: dict[str, Any]) -> dict[str, Any]:
    content = {"application/json": {"schema": schema}}
    answers = {
        "200": {"description": "The answer", "content": {"text/event-stream": {}, "application/json": {}}},
        "400": {"description": "The request is not as documented"},
        "401": {"description": "The key is missing or wrong"},
    }
    return {"post": {"summary": summary, "requestBody": {"required": True, "content": content}, "responses": answers}}
