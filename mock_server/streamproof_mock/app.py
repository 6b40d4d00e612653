"""The application: Quart under trio, with the stage in front of its routing."""

from __future__ import annotations

from typing import TYPE_CHECKING

import trio
from quart_trio import QuartTrio
from quart_trio.asgi import TrioASGIHTTPConnection

from streamproof_mock.control import PREFIX, control
from streamproof_mock.pages import PATHS, pages
from streamproof_mock.request import BODY_LIMIT
from streamproof_mock.stage import Stage

if TYPE_CHECKING:
    from hypercorn.typing import ASGIReceiveCallable, ASGISendCallable, ASGISendEvent, HTTPScope
    from quart import Quart
    from quart.typing import ResponseTypes


class Connection(TrioASGIHTTPConnection):
    """One request: the stage's, unless it is for one of the server's own pages."""

    def __init__(self, app: Quart, scope: HTTPScope) -> None:
        super().__init__(app, scope)
        assert isinstance(app, MockApp)
        self._stage = app.stage
        self._is_page = app.is_page(scope["path"])

    async def __call__(self, receive: ASGIReceiveCallable, send: ASGISendCallable) -> None:
        """Answers the request."""
        if self._is_page:
            await super().__call__(receive, send)
        else:
            await self._stage.serve(self.scope, receive, send)

    async def _send_response(self, send: ASGISendCallable, response: ResponseTypes) -> None:
        # QuartTrio cancels its nursery during the last send; an answer with `Connection: close` would never end.
        async def shielded(message: ASGISendEvent) -> None:
            is_last = message["type"] == "http.response.body" and not message["more_body"]
            with trio.CancelScope(shield=is_last):
                await send(message)

        await super()._send_response(shielded, response)


class MockApp(QuartTrio):
    """The Quart application of one server."""

    asgi_http_class = Connection

    def __init__(self, stage: Stage, token: str | None) -> None:
        super().__init__("streamproof_mock", static_folder=None, template_folder=None)
        self.stage = stage
        self.register_blueprint(pages())
        self.register_blueprint(control(stage, token))
        self.config["RESPONSE_TIMEOUT"] = None
        self.config["MAX_CONTENT_LENGTH"] = BODY_LIMIT

    def is_page(self, path: str) -> bool:
        """True for the paths that Quart routes: the server's own pages and its control API."""
        return path in PATHS or path.startswith(f"{PREFIX}/")
