"""What the client is asked to do beside sending the request."""

from __future__ import annotations

from typing import Any, Final

from streamproof_scenarios.language.document import Node
from streamproof_scenarios.language.values import Desk, Reader, flag, integer, one_of, seconds
from streamproof_scenarios.model import ClientOptions


def stop(node: Node, what: str, desk: Desk) -> dict[str, Any]:
    """`{after: 2, how: break}`."""
    fields = desk.fields(node, what, {"after": integer(1), "how": one_of("break", "abort")}, ("after",))
    return {f"stop_{name}": value for name, value in fields.items()}


CLIENT: Final[dict[str, Reader]] = {
    "idle_timeout_s": seconds(above=True),
    "max_retries": integer(0, 100),
    "stop": stop,
    "runs": integer(1, 10_000),
    "parallel": integer(1, 100),
    "reuse": flag,
}


def client(node: Node, what: str, desk: Desk) -> ClientOptions:
    """The options as far as they are stated."""
    values = desk.fields(node, what, CLIENT)
    values |= values.pop("stop", {})
    return ClientOptions(**values)
