"""A call of the well-behaved endpoint: what a dialect's module gets to answer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import attrs

from streamproof_mock.routes import Route


@attrs.frozen(kw_only=True)
class Call:
    """One call, its key checked and its body read."""

    body: Any
    """Any JSON."""
    path: str
    route: Route
    query: Mapping[str, str] = attrs.field(factory=dict)
    """The parameters behind the path; of one given twice the last."""
