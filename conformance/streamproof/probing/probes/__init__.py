"""The probes of an endpoint, as data: one module for each dialect that has more than the common ones."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from streamproof.probing.probes import (
    anthropic_messages,
    openai_chat,
)
from streamproof.probing.probes.common import probes_of
from streamproof.probing.probes.probe import Asking as Asking
from streamproof.probing.probes.probe import Probe as Probe
from streamproof_formats.dialects import DIALECTS

OWN: Final[Mapping[str, tuple[Probe, ...]]] = {
    "openai-chat": openai_chat.PROBES,
    "anthropic-messages": anthropic_messages.PROBES,
}
"""By dialect, in place of the common ones."""

PROBES: Final[Mapping[str, tuple[Probe, ...]]] = {
    name: OWN.get(name) or probes_of(dialect) for name, dialect in DIALECTS.items()
}
"""By dialect."""


def plan_of(dialect: str) -> tuple[Probe, ...]:
    """The probes in the order in which they are sent: those that may do harm come last."""
    return tuple(sorted(PROBES[dialect], key=lambda probe: probe.is_dangerous))
