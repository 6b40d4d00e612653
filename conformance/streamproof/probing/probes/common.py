"""The probes that every dialect has: made of its default request."""

from __future__ import annotations

from typing import Any

from streamproof.probing.probes.probe import REFUSED, Asking, Probe, free, limited
from streamproof_formats.dialect import Dialect


def probes_of(dialect: Dialect) -> tuple[Probe, ...]:
    """A plain answer, three refusals, and a client that leaves."""

    def plain(asking: Asking, tokens: int | None = None) -> dict[str, Any]:
        model = {"model": asking.model} if "model" in dialect.request else {}
        return limited({**dialect.request, **model}, asking, tokens)

    return (
        Probe(name="plain", title="A plain answer", wants="stream", body=plain),
        Probe(
            name="one-token",
            title="One token at most",
            wants="stream",
            body=lambda asking: plain(asking, 1),
            tokens=lambda _: 1,
        ),
        Probe(
            name="broken-json",
            title="A body that is not JSON",
            wants="refusal",
            refs=REFUSED,
            body=lambda _: b'{"stream": true, "messages": [',
            tokens=free,
        ),
        Probe(
            name="empty-body",
            title="A body without anything",
            wants="refusal",
            refs=REFUSED,
            body=lambda _: {},
            tokens=free,
        ),
        Probe(
            name="wrong-key",
            title="A key that is not valid",
            wants="refusal",
            refs=REFUSED,
            body=plain,
            wrong_key=True,
        ),
        Probe(
            name="early-abort",
            title="A client that leaves after the first event",
            wants="abort",
            refs=("SSE-48",),
            body=lambda asking: plain(asking, 8 * asking.tokens),
            tokens=lambda asking: 9 * asking.tokens,
            is_dangerous=True,
        ),
    )
