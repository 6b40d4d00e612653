"""The application: the stage for all calls, and a Quart application under trio for the server's own pages."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, assert_never

import trio
from quart_trio import QuartTrio
from quart_trio.asgi import TrioASGIHTTPConnection

from streamproof_mock.control import PREFIX, control
from streamproof_mock.pages import PATHS, pages
from streamproof_mock.request import BODY_LIMIT

if TYPE_CHECKING:
    from hypercorn.typing import ASGIReceiveCallable, ASGISendCallable, ASGISendEvent, Scope
    from quart.typing import ResponseTypes

    from streamproof_mock.stage import Stage


class MockApp:
    """The ASGI application of one server."""

    def __init__(self, stage: Stage, token: str | None) -> None:
        self._stage = stage
        self._token = token

    async def __call__(self, scope: Scope, receive: ASGIReceiveCallable, send: ASGISendCallable) -> None:
        """Answers one request, or keeps the server's life."""
        match scope["type"]:
            case "http" if not self.is_page(scope["path"]):
                await self._stage.serve(scope, receive, send)
            case "http" | "websocket":
                await self._pages(scope, receive, send)
            case "lifespan":
                await _live(receive, send)
            case other:
                assert_never(other)

    def is_page(self, path: str) -> bool:
        """True for the paths that Quart routes: the server's own pages and its control API."""
        return path in PATHS or path.startswith(f"{PREFIX}/")

    @cached_property
    def _pages(self) -> PageApp:
        # Its routes take longer to make than all the rest of a start, and few servers in tests are asked for a page.
        return PageApp(self._stage, self._token)


async def _live(receive: ASGIReceiveCallable, send: ASGISendCallable) -> None:
    """Nothing is to be made ready, and nothing to be put away."""
    while True:
        message = await receive()
        if message["type"] == "lifespan.startup":
            await send({"type": "lifespan.startup.complete"})
        elif message["type"] == "lifespan.shutdown":
            await send({"type": "lifespan.shutdown.complete"})
            return


class PageApp(QuartTrio):
    """The pages and the control API of one server."""

    def __init__(self, stage: Stage, token: str | None) -> None:
        super().__init__("streamproof_mock", static_folder=None, template_folder=None)
        self.asgi_http_class = _Connection
        self.register_blueprint(pages())
        self.register_blueprint(control(stage, token))
        self.config["RESPONSE_TIMEOUT"] = None
        self.config["MAX_CONTENT_LENGTH"] = BODY_LIMIT


class _Connection(TrioASGIHTTPConnection):
    async def _send_response(self, send: ASGISendCallable, response: ResponseTypes) -> None:
        # QuartTrio cancels its nursery during the last send; an answer with `Connection: close` would never end.
        async def shielded(message: ASGISendEvent) -> None:
            is_last = message["type"] == "http.response.body" and not message["more_body"]
            with trio.CancelScope(shield=is_last):
                await send(message)

        await super()._send_response(shielded, response)
