"""What HTTP said around a body: the head of the answer and how its body ended."""

from __future__ import annotations

from typing import Literal

import attrs

BodyEnd = Literal["clean", "fin", "reset", "bad-framing", "timeout"]
"""How a body ended: whole by its framing (or a close where closing is the framing); FIN or RST before that;
bytes that are not the framing; silence until the reader gave up."""

Framing = Literal["chunked", "length", "close", "h2"]


@attrs.frozen(kw_only=True)
class ResponseHead:
    """Status and headers of an answer.  Header names are lower case, in order of arrival, repeats kept."""

    status: int
    headers: tuple[tuple[str, str], ...] = ()
    framing: Framing = "chunked"
    http: Literal["1.0", "1.1", "2"] = "1.1"
    request_http: Literal["1.0", "1.1", "2"] = "1.1"

    def header(self, name: str) -> str | None:
        """The first header of this lower-case name."""
        return next((value for key, value in self.headers if key == name), None)


@attrs.frozen(kw_only=True)
class BodyFraming:
    """What the framing says of a body that has ended; the numbers count bytes before any content decoding."""

    size: int
    is_whole: bool
    """True when the zero chunk came, the announced length was reached, or closing was the framing."""
    excess: int = 0
    """Bytes that came after the end of the body on a connection that announced no second answer."""
    problem: str | None = None
    """What was expected and found where the bytes are not the framing, or not the content encoding."""
