"""What has a page: each dialect, and the layers below that several of them stand on."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import attrs

from streamproof_formats.dialect import Dialect
from streamproof_formats.dialects import DIALECTS
from streamproof_formats.profiles import PROFILES, Profile
from streamproof_formats.rule import Rule
from streamproof_formats.rules import RULES


@attrs.frozen(kw_only=True)
class Subject:
    """One dialect, or one layer below."""

    name: str
    title: str
    about: str
    prefix: str
    """What the ids of its rules begin with: `OC-`."""
    dialect: Dialect | None = None

    @property
    def rules(self) -> tuple[Rule, ...]:
        """Its own rules, in the order of the book."""
        return tuple(rule for rule in RULES.values() if rule.id.startswith(self.prefix))

    @property
    def profiles(self) -> tuple[Profile, ...]:
        """The profiles of servers that speak it."""
        return tuple(profile for profile in PROFILES.values() if self.name in profile.by_dialect)


LAYERS: Final = (
    Subject(
        name="sse",
        title="Server-sent events, and HTTP below them",
        about="The layer that all dialects but ollama-chat stand on: how bytes become events, as the WHATWG "
        "standard has it, and how an HTTP answer carries them. On the command line it is the dialect `sse`, "
        "which stops at events. Its rules bind servers (what they send), decoders (how bytes are read) and "
        "clients (what is made of an end).",
        prefix="SSE-",
    ),
    Subject(
        name="ndjson",
        title="Lines of JSON",
        about="The layer that ollama-chat stands on: one JSON object to a line, each a piece of the stream. Its "
        "rules on HTTP are those of its dialect.",
        prefix="ND-",
    ),
)

SUBJECTS: Final[Mapping[str, Subject]] = {
    subject.name: subject
    for subject in (
        *(
            Subject(
                name=dialect.name,
                title=dialect.title,
                about=dialect.about,
                prefix=dialect.rule_prefix,
                dialect=dialect,
            )
            for dialect in sorted(DIALECTS.values(), key=lambda dialect: dialect.name)
        ),
        *LAYERS,
    )
}
"""All of them by name, dialects first."""


def subject_of(rule: Rule) -> Subject:
    """The subject that a rule belongs to."""
    return next(subject for subject in SUBJECTS.values() if rule.id.startswith(subject.prefix))


NOTHING: Final = "nothing that a rule minds"
"""What a profile allows that allows no breach."""
