"""A request body held against the request schema of its dialect."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from streamproof_formats.dialects import validate_request
from streamproof_mock.behaviour.errors import Refusal


def checked(dialect: str, body: Any, *, status: int = 400) -> Mapping[str, Any]:
    """The body, which is as documented.  Raises Refusal with the place of the first fault."""
    faults = validate_request(dialect, body)
    if faults:
        place, _, fault = faults[0].partition(": ")
        param = place.removeprefix("$").removeprefix(".") or None
        about = f"Invalid value for '{param}'" if param else "Invalid request"
        raise Refusal(status, f"{about}: {fault}.", param, "invalid_value")
    assert isinstance(body, dict)
    return body
