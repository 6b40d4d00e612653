"""The control API under `/__streamproof__/`: for this machine, or with the token, never for other origins."""

from __future__ import annotations

import hmac
import ipaddress
from typing import Any, Final
from urllib.parse import urlsplit

import attrs
from quart import Blueprint, Response, jsonify, request

from streamproof_mock.stage import Stage

PREFIX: Final = "/__streamproof__"
TOKEN_HEADER: Final = "x-streamproof-token"  # noqa: S105  the name of a header
_SHOWN: Final = 1_000
_BODY_LIMIT: Final = 1024 * 1024


def control(stage: Stage, token: str | None) -> Blueprint:
    """The routes; without `token` only loopback may use them."""
    routes = Blueprint("control", __name__, url_prefix=PREFIX)

    @routes.before_request
    async def guard() -> Response | None:
        reason = _refusal(token)
        return None if reason is None else _said(403, reason)

    @routes.after_request
    async def harden(response: Response) -> Response:
        response.headers["cache-control"] = "no-store"
        response.headers["x-content-type-options"] = "nosniff"
        response.headers["cross-origin-resource-policy"] = "same-origin"
        return response

    @routes.get("/journal")
    async def journal() -> Response:
        nonce = request.args.get("nonce")
        exchanges = list(stage.journal) if nonce is None else stage.journal.of(nonce)
        shown = [attrs.asdict(exchange) for exchange in exchanges[-_SHOWN:]]
        dropped = stage.journal.dropped
        return jsonify({"exchanges": shown, "left_out": len(exchanges) - len(shown), "dropped": dropped})

    @routes.get("/scenarios")
    async def scenarios() -> Response:
        return jsonify({"scenarios": sorted(stage.book.ids())})

    @routes.post("/play")
    async def play() -> Response:
        if (request.content_length or 0) > _BODY_LIMIT:
            return _said(413, "the body is larger than 1 MiB")
        body = await request.get_json(force=True, silent=True)
        wanted = body.get("scenario") if isinstance(body, dict) else None
        dialect = body.get("dialect") if isinstance(body, dict) else None
        if not isinstance(wanted, str) or not isinstance(dialect, (str, type(None))):
            return _said(400, 'expected a JSON object {"scenario": id or hash, "dialect": name or absent}')
        found = stage.book.find(wanted, () if dialect is None else (dialect,))
        if found is None or found[1] != len(wanted):
            return _said(404, f"no scenario is called {wanted!r}; {PREFIX}/scenarios lists them")
        session = stage.play(found[0])
        return jsonify({"nonce": session.nonce, "case": found[0].case, "origin": session.origin})

    @routes.post("/reset")
    async def reset() -> Response:
        stage.reset()
        return jsonify({"reset": True})

    return routes


def _refusal(token: str | None) -> str | None:
    """Why this request may not use the control API."""
    given = request.headers.get(TOKEN_HEADER)
    if token is not None and given is not None and hmac.compare_digest(given.encode(), token.encode()):
        return None
    client = request.scope.get("client")
    if not client or not _is_loopback(client[0]):
        return f"the control API answers this machine only, or whoever sends the token in {TOKEN_HEADER}"
    host = urlsplit(f"//{request.headers.get('host', '')}").hostname or ""
    # A page of another site may resolve its own name to this machine: then Host names that site.
    if host != "localhost" and not _is_loopback(host):
        return "the control API is not for other sites: expected a Host on this machine"
    origin = request.headers.get("origin")
    if origin is not None and origin != f"{request.scheme}://{request.headers.get('host')}":
        return "the control API is not for pages of other origins"
    if request.headers.get("sec-fetch-site", "none") not in ("none", "same-origin"):
        return "the control API is not for pages of other origins"
    return None


def _is_loopback(address: str) -> bool:
    try:
        return ipaddress.ip_address(address.partition("%")[0]).is_loopback
    except ValueError:
        return False


def _said(status: int, message: str) -> Response:
    response: Any = jsonify({"error": {"message": message}})
    response.status_code = status
    made: Response = response
    return made
