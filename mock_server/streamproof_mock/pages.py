"""The server's own pages: the index, the interactive documentation, and its description in OpenAPI."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from importlib.resources import files
from typing import Any, Final

from quart import Blueprint, Response, jsonify

from streamproof_formats.dialects import DIALECTS
from streamproof_mock.behaviour.answers import ANSWERS
from streamproof_mock.routes import ROUTES, Route

PATHS: Final = ("/", "/docs", "/openapi.json")

_INDEX: Final = """streamproof mock server

/docs                       try it in a browser
/openapi.json               the calls, in OpenAPI
/v1/models                  the models, one for each scenario
/s/ID/...                   the answer of a scenario, to any of the calls below
/__streamproof__/           the control API: play, look, reset
/__streamproof__/journal    what this server saw and did
/__streamproof__/scenarios  the scenarios

A scenario is also chosen by the header X-Streamproof-Scenario: ID, or by the model "streamproof:ID".

"""
_MODEL: Final = "streamproof-mock"


def _spoken() -> list[Route]:
    """The routes of which this server answers calls by itself."""
    return [route for route in ROUTES if route.dialect in ANSWERS]


def _example(route: Route) -> tuple[str, dict[str, Any]]:
    """An address and a body for it."""
    dialect = DIALECTS[route.dialect]
    path = re.sub(r"\{version\}", "v1beta", route.path)
    path = re.sub(r"\{\w+\*?\}", _MODEL, path)
    body = {**dialect.request, **({"model": _MODEL} if "model" in dialect.request else {})}
    return f"{path}?{dialect.query}" if dialect.query and route.streams else path, body


def pages() -> Blueprint:
    """The routes."""
    routes = Blueprint("pages", __name__)
    folder = files("streamproof_mock") / "page"
    script, style, page = ((folder / f"docs.{kind}").read_text("utf-8") for kind in ("js", "css", "html"))
    calls = {f"{route.path}  {route.about}": _example(route) for route in _spoken()}
    script = script.replace("/*CALLS*/", json.dumps(calls, indent=2).replace("<", "\\u003c"))
    page = page.replace("/*STYLE*/", style).replace("/*SCRIPT*/", script)
    # The page shows bytes that anybody may have sent: nothing but its own script can run in it.
    policy = (
        f"default-src 'none'; script-src '{_digest(script)}'; style-src '{_digest(style)}'; connect-src 'self'; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )

    @routes.get("/")
    async def index() -> Response:
        calls = "".join(f"{route.path}\n    {route.about}\n" for route in _spoken())
        return Response(_INDEX + calls, content_type="text/plain; charset=utf-8")

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
    calls: dict[str, Any] = {}
    for route in _spoken():
        # Where two dialects share a path, OpenAPI has room for one.
        calls.setdefault(route.path.replace("*}", "}"), _call(route))
    calls["/api/v1/chat/completions"] = calls["/v1/chat/completions"]
    calls["/v1/models"] = {"get": {"summary": "Models", "responses": {"200": {"description": "A list of models"}}}}
    return {"openapi": "3.1.0", "info": {"title": "streamproof mock server", "version": "1"}, "paths": calls}


def _call(route: Route) -> dict[str, Any]:
    _, example = _example(route)
    content = {"application/json": {"schema": {"type": "object"}, "example": example}}
    answers = {
        "200": {
            "description": "The answer",
            "content": {DIALECTS[route.dialect].content_type: {}, "application/json": {}},
        },
        "400": {"description": "The request is not as documented"},
        "401": {"description": "The key is missing or wrong"},
    }
    call: dict[str, Any] = {"summary": route.about, "requestBody": {"required": True, "content": content}}
    names = re.findall(r"\{(\w+)", route.path)
    parameters = [{"name": name, "in": "path", "required": True, "schema": {"type": "string"}} for name in names]
    described = {"post": {**call, "responses": answers}}
    return {**described, **({"parameters": parameters} if parameters else {})}
