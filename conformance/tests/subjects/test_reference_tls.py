"""The reference client over TLS: whom it trusts, and what an end without a farewell means."""

from __future__ import annotations

import ssl
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
import trio
import trustme

Play = Callable[..., Awaitable[list[Any]]]
Make = Callable[..., Any]
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n"
DONE = "data: [DONE]\n\n"


@pytest.fixture
def authority() -> trustme.CA:
    return trustme.CA()


async def run_over_tls(
    play: Play, answer: Make, authority: trustme.CA, body: str, *, farewell: bool, ca_file: Path | None
) -> Any:
    """One run against a server that writes `body`, which ends by closing, with or without close_notify."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)

    async def serve(stream: trio.SSLStream[trio.SocketStream]) -> None:
        with trio.move_on_after(2):
            try:
                heard = b""
                while not heard.endswith(b"true}"):
                    heard += await stream.receive_some()
                await stream.send_all(HEAD + body.encode())
                if farewell:
                    await stream.aclose()
            except (trio.BrokenResourceError, ssl.SSLError):
                pass
        await stream.transport_stream.aclose()

    async with trio.open_nursery() as nursery:
        listeners = await trio.open_ssl_over_tcp_listeners(0, context, host="127.0.0.1")
        port = listeners[0].transport_listener.socket.getsockname()[1]
        nursery.start_soon(trio.serve_listeners, serve, listeners)
        url = f"https://127.0.0.1:{port}/v1/chat/completions"
        [run] = await play("reference", answer(DONE), runs=[{"url": url, "ca_file": ca_file and str(ca_file)}])
        nursery.cancel_scope.cancel()
    return run


@pytest.mark.parametrize(
    ("has_mark", "farewell", "error"),
    [
        (True, True, None),
        (True, False, None),
        (False, True, "incomplete_stream"),
        (False, False, "connection_failed"),
    ],
)
async def test_an_end_without_farewell_is_a_cut(
    play: Play,
    answer: Make,
    text: Make,
    authority: trustme.CA,
    tmp_path: Path,
    has_mark: bool,
    farewell: bool,
    error: Any,
) -> None:
    ca_file = tmp_path / "ca.pem"
    authority.cert_pem.write_to_path(str(ca_file))
    body = text("Hi", "stop" if has_mark else None) + (DONE if has_mark else "")
    run = await run_over_tls(play, answer, authority, body, farewell=farewell, ca_file=ca_file)
    assert (run.error and run.error["type"]) == error, run.error
    assert run.choice["text"] == "Hi"


async def test_an_authority_that_it_was_not_told_of_is_not_trusted(
    play: Play, answer: Make, text: Make, authority: trustme.CA
) -> None:
    run = await run_over_tls(play, answer, authority, text("Hi", "stop") + DONE, farewell=True, ca_file=None)
    assert (run.error["type"], run.error["phase"]) == ("connection_failed", "open")
    assert "certificate" in run.error["message"].lower()
