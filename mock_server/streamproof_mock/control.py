"""The control API under `/__streamproof__/`: for this machine, or with the token, never for other origins."""

from __future__ import annotations

import hmac
import ipaddress
from collections import deque
from typing import Any, Final
from urllib.parse import urlsplit

from quart import Blueprint, Response, jsonify, request

from streamproof_formats.dialects import DIALECTS
from streamproof_mock.choice import PlanBook
from streamproof_mock.entry import entries
from streamproof_mock.session import Session
from streamproof_mock.stage import Stage
from streamproof_scenarios.plan import Plan

PREFIX: Final = "/__streamproof__"
TOKEN_HEADER: Final = "x-streamproof-token"  # noqa: S105  the name of a header
SHOWN: Final = 1_000
"""Entries of the journal that one answer holds at most: the youngest."""
PLAYS_KEPT: Final = 10_000
"""Plays laid out here that nobody has closed; the oldest is closed when there are more."""
WAIT_S: Final = 60.0
_BODY_LIMIT: Final = 1024 * 1024

CALLS: Final = {
    f"GET {PREFIX}/scenarios": "the ids of all scenarios",
    f"POST {PREFIX}/play": "lays a scenario out under a nonce of its own: scenario, and dialect and delivery at will",
    f"GET {PREFIX}/play/NONCE": "what came of it; ?wait_s=N waits until nothing of it is being played",
    f"DELETE {PREFIX}/play/NONCE": "breaks it off and frees its nonce",
    f"GET {PREFIX}/journal": "what the server saw and did; ?nonce=NONCE, ?limit=N (the youngest)",
    f"POST {PREFIX}/reset": "forgets plays and journal",
}


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

    @routes.get("/")
    async def index() -> Response:
        return jsonify({"calls": CALLS})

    @routes.get("/journal")
    async def journal() -> Response:
        limit = _number("limit", SHOWN, most=SHOWN)
        if limit is None:
            return _said(400, f"limit: expected a number of entries from 0 to {SHOWN}")
        nonce = request.args.get("nonce")
        exchanges = list(stage.journal) if nonce is None else stage.journal.of(nonce)
        shown = entries(exchanges)[max(len(exchanges) - int(limit), 0) :]
        dropped = stage.journal.dropped
        return jsonify({"exchanges": shown, "left_out": len(exchanges) - len(shown), "dropped": dropped})

    @routes.get("/scenarios")
    async def scenarios() -> Response:
        return jsonify({"scenarios": sorted(stage.book.ids())})

    @routes.post("/reset")
    async def reset() -> Response:
        stage.reset()
        return jsonify({"reset": True})

    _play_routes(routes, stage)
    return routes


def _play_routes(routes: Blueprint, stage: Stage) -> None:
    plays: deque[Session] = deque()

    @routes.post("/play")
    async def play() -> Response:
        if (request.content_length or 0) > _BODY_LIMIT:
            return _said(413, "the body is larger than 1 MiB")
        plan = _wanted(stage.book, await request.get_json(force=True, silent=True))
        if isinstance(plan, Response):
            return plan
        session = stage.play(plan)
        plays.append(session)
        if len(plays) > PLAYS_KEPT:
            plays.popleft().close()
        return jsonify(_laid_out(session))

    @routes.get("/play/<nonce>")
    async def seen(nonce: str) -> Response:
        session = stage.sessions.get(nonce)
        if session is None:
            return _unknown(nonce)
        wait_s = _number("wait_s", 0.0, most=WAIT_S)
        if wait_s is None:
            return _said(400, f"wait_s: expected seconds from 0 to {WAIT_S:g}")
        is_settled = await session.settled(wait_s)
        made = {"settled": is_settled, "requests": session.requests, "exchanges": entries(session.exchanges)}
        return jsonify({**_laid_out(session), **made})

    @routes.delete("/play/<nonce>")
    async def close(nonce: str) -> Response:
        session = stage.sessions.get(nonce)
        if session is None:
            return _unknown(nonce)
        session.close()
        return jsonify({"closed": nonce})


def _wanted(book: PlanBook, body: Any) -> Plan | Response:
    """The plan that a body asks for, or why there is none."""
    given = body if isinstance(body, dict) else {}
    wanted, dialect, delivery = (given.get(key) for key in ("scenario", "dialect", "delivery"))
    if not isinstance(wanted, str) or any(not isinstance(item, (str, type(None))) for item in (dialect, delivery)):
        expected = 'expected a JSON object {"scenario": id or hash, "dialect": name or absent, "delivery": the same}'
        return _said(400, expected)
    try:
        dialects = () if dialect is None else (dialect,)
        found = book.find(wanted, dialects) if delivery is None else book.find(wanted, dialects, delivery)
    except ValueError as error:
        return _said(400, f"delivery: {error}")
    if found is None or found[1] != len(wanted):
        spoken = "" if dialect is None else f" in {dialect}"
        return _said(404, f"no scenario is called {wanted!r}{spoken}; {PREFIX}/scenarios lists them")
    return found[0]


def _laid_out(session: Session) -> dict[str, Any]:
    plan = session.plan
    told = {"nonce": session.nonce, "case": plan.case, "delivery": plan.delivery, "origin": session.origin}
    dialect = DIALECTS.get(plan.dialect)
    if dialect is not None:
        told |= {
            "dialect": plan.dialect,
            "base_url": session.origin + dialect.base_path,
            "url": session.origin + dialect.target(),
        }
    return {**told, "request": plan.request}


def _number(name: str, default: float, *, most: float) -> float | None:
    """A number of the query, None where it is none or out of bounds."""
    try:
        number = float(request.args.get(name, default))
    except ValueError:
        return None
    return number if 0 <= number <= most else None


def _unknown(nonce: str) -> Response:
    return _said(404, f"no play has the nonce {nonce!r}: it was closed, or the address was mistyped")


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
