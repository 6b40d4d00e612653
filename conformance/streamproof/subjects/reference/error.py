"""The error that the client hands out: why a stream is not what it should be."""

from __future__ import annotations

from typing import Literal

Phase = Literal["open", "stream", "close"]


class ClientError(Exception):
    """One error of one run.

    `retryable` is True only while no byte of a successful body has come: sending again can repeat no text.
    `wait_s` is what the server asked for before the next request; None where it asked for nothing.
    """

    def __init__(
        self,
        type_: str,
        message: str,
        *,
        status: int | None = None,
        code: str | None = None,
        phase: Phase = "stream",
        retryable: bool = False,
        wait_s: float | None = None,
    ) -> None:
        super().__init__(message)
        self.type = type_
        self.message = message
        self.status = status
        self.code = code
        self.phase = phase
        self.retryable = retryable
        self.wait_s = wait_s

    def report(self) -> dict[str, object]:
        """The `error` of a result."""
        return {
            "type": self.type,
            "message": self.message,
            "status": self.status,
            "code": self.code,
            "phase": self.phase,
            "raised": "thrown",
        }


def excerpt(text: str, limit: int = 120) -> str:
    """The beginning of a text that may be long, for a message in one line."""
    line = " ".join(text.split())
    return line if len(line) <= limit else f"{line[:limit]}..."
