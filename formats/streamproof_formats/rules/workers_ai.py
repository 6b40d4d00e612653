"""The rules of workers-ai."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from streamproof_formats.rule import Rule

RULES: Final[tuple[Rule, ...]] = ()
