"""The tables that decide verdicts, as data.  Code that judges reads them; nothing else decides."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Literal

import attrs

from streamproof_formats.message import Ended
from streamproof_formats.rule import Basis, Level
from streamproof_scenarios.model import Force, Outcome

Resending = Literal["never", "before-a-body-byte", "free"]
"""When a further request is allowed: never; only while the earlier answer had not sent a body byte; at will."""


@attrs.frozen(kw_only=True)
class Derived:
    """What is asked of a client when the scenario does not say."""

    outcomes: frozenset[Outcome]
    resending: Resending


DERIVED: Final[Mapping[Ended | Literal["refused", "stopped"], Derived]] = {
    # ended by the dialect's terminal
    "terminal": Derived(outcomes=frozenset({"complete"}), resending="never"),
    # an error event: 1 request once a body byte came, else any
    "error": Derived(outcomes=frozenset({"error"}), resending="before-a-body-byte"),
    # a status of 400 and above, or another content type: the body is no stream
    "refused": Derived(outcomes=frozenset({"error"}), resending="free"),
    # anything else
    "clean": Derived(outcomes=frozenset({"error", "incomplete"}), resending="before-a-body-byte"),
    "cut": Derived(outcomes=frozenset({"error", "incomplete"}), resending="before-a-body-byte"),
    "stalled": Derived(outcomes=frozenset({"error", "incomplete"}), resending="before-a-body-byte"),
    "open": Derived(outcomes=frozenset({"error", "incomplete"}), resending="before-a-body-byte"),
    # the caller asked the client to stop
    "stopped": Derived(outcomes=frozenset({"stopped"}), resending="never"),
}

STOPPED_LEFT_WITHIN_S: Final = 1.0
"""A client that was asked to stop must have closed its connection after this long."""

CheckName = Literal[
    "silent-truncation", "swallowed-error", "unfinished-call", "invented-finish", "wrong-text", "wrong-tools",
    "resent", "hang", "crash", "spurious-error", "deltas-differ", "held-connection", "early-retry", "late",
    "wrong-usage", "slow", "bad-request",
]  # fmt: skip


@attrs.frozen(kw_only=True)
class Check:
    """One check of a client."""

    about: str
    worst: Literal["fail", "warn"] = "fail"
    fails_when_open: bool = False
    """True where no reading of the documents excuses it."""


CHECKS: Final[Mapping[CheckName, Check]] = {
    "silent-truncation": Check(
        about="text is missing or the stream was cut, and the client shows no error and no other sign of it",
        fails_when_open=True,
    ),
    "swallowed-error": Check(about="the server reported an error, the client did not", fails_when_open=True),
    "unfinished-call": Check(
        about="a tool call whose arguments never fully arrived is handed on as whole", fails_when_open=True
    ),
    "invented-finish": Check(about="the finish reason is not the one that was sent", fails_when_open=True),
    "wrong-text": Check(about="the text is not the text that was sent"),
    "wrong-tools": Check(about="the tool calls are not those that were sent"),
    "resent": Check(about="the request was sent again where that is not allowed"),
    "hang": Check(about="the client gave no result within the time limit", fails_when_open=True),
    "crash": Check(about="the client's process died", fails_when_open=True),
    "spurious-error": Check(about="a legal stream was refused"),
    "deltas-differ": Check(about="the joined deltas are not the final text"),
    "held-connection": Check(about="the connection was kept open after the client was done with it"),
    "early-retry": Check(about="the next request came before the time that the server asked for"),
    "late": Check(about="what had arrived was not handed on while the stream was waiting", worst="warn"),
    "wrong-usage": Check(about="the usage is not the one that was sent"),
    "slow": Check(about="the cost grows faster than the stream", worst="warn"),
    "bad-request": Check(about="the request breaks the dialect's documented request format", worst="warn"),
}
"""Worst first."""

FORCES: Final[Mapping[Force, Literal["fail", "warn", "reading"]]] = {
    "must": "fail",
    "documented": "fail",
    "quirk": "warn",
    "open": "reading",
}
"""What a failed check is worth; `reading`: only the checks with `fails_when_open` fail, the rest warn."""

BASES: Final[Mapping[tuple[Basis, Level], Literal["fail", "warn", "note"]]] = {
    **{(basis, Level.MUST): "fail" for basis in (Basis.DOC, Basis.TYPE, Basis.CLIENT)},
    **{(basis, Level.SHOULD): "warn" for basis in (Basis.DOC, Basis.TYPE, Basis.CLIENT)},
    **{(basis, Level.MUST): "warn" for basis in (Basis.EX, Basis.SRC, Basis.INF)},
    **{(basis, Level.SHOULD): "warn" for basis in (Basis.EX, Basis.SRC, Basis.INF)},
    **{(basis, Level.MAY): "note" for basis in Basis},
}
"""What a broken rule is worth in an endpoint or a recording, by its firmest basis."""
