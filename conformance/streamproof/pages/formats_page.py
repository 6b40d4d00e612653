"""The page on all formats: how many rules of which kind, what cannot be shown, which versions were read."""

from __future__ import annotations

from collections.abc import Iterator

from streamproof.judging.tables import BASES
from streamproof.pages import counts
from streamproof.pages.markdown import MADE_BY, page, plain, table
from streamproof.pages.subjects import SUBJECTS, subject_of
from streamproof_formats.rule import Basis, Level
from streamproof_formats.rules import RULES
from streamproof_formats.rules.documents import DOCUMENTS

_BASES = {
    Basis.DOC: "a document or specification says so in words",
    Basis.TYPE: "the published schema, or the types of the official SDK",
    Basis.CLIENT: "an official SDK breaks or misreads otherwise, as measured",
    Basis.EX: "only an official example shows it",
    Basis.SRC: "read in the source of a server or client",
    Basis.INF: "inference",
}
_UNSHOWABLE = 25
"""How many rules may be without bytes that show them, at most."""


def formats_page() -> str:
    """The whole page."""
    return page(
        "# The formats",
        MADE_BY,
        "streamproof judges streams, and clients that read them, by one book of numbered rules. Each rule has a "
        "level, a basis and a source; `streamproof explain ID` prints one. This page counts them and says what they "
        "rest on.",
        "## Dialects and layers",
        "A dialect is one documented stream format. Each has a page with its rules, its states and its profiles.",
        table(
            ("dialect", "what", "rules", *(level.value for level in Level), "for servers, decoders, clients"),
            _subjects(),
        ),
        "## What rules rest on",
        "The firmest basis counts. A breach that *fails* makes an endpoint or a recording fail, one that *warns* "
        "does not; under `--strict` it does. What is allowed (MAY) breaks nothing.",
        table(("basis", "what it means", "a MUST", "a SHOULD"), _bases()),
        "By their firmest basis:",
        table(("dialect", *(basis.value for basis in Basis)), _by_basis()),
        "## How rules are shown",
        "A rule that binds servers (MUST, SHOULD) has a stream that breaks it and one that keeps it although a "
        "single change would make it break it; the judge is run over both, and over that change. What is allowed "
        "(MAY) has a stream that makes use of it and breaks nothing. A rule that binds decoders has vectors which a "
        "decoder without that rule reads otherwise. A rule that binds clients has a scenario that fails the "
        "reference client once it is given a fault against that rule. Streams that a client can meet stand as "
        "scenarios, the others as rows of test tables. Tests go through the book rule by rule and fail on a gap: "
        "`test_book.py` and `test_decoder_rules.py` in `formats/tests/dialects/`, `linting/test_coverage.py` and "
        "`broken/test_client_rules.py` in `conformance/tests/`.",
        "### Rules that no bytes can show",
        f"{len(list(_unshowable()))} of {len(RULES)}; at most {_UNSHOWABLE} may be so.",
        table(("rule", "what it says", "why no bytes show it"), _unshowable()),
        "## Versions that were read",
        "Schemas, words and rules were written against these. Where a rule rests on a page without a version, it "
        "gives the date on which it was read.",
        table(("document", "version", "kind", "what of it is used", "rules", "dialects"), _documents()),
        "## Our schemas and the SDKs' own types",
        "What our schemas refuse and the official SDKs' types accept, or the other way round, is listed with its "
        "reason in [type-differences.md](type-differences.md).",
    )


def _subjects() -> Iterator[tuple[str, ...]]:
    for subject in SUBJECTS.values():
        levels, bound = counts.by_level(subject.rules), counts.by_bound(subject.rules)
        yield (
            f"[{subject.name}](dialects/{subject.name}.md)",
            subject.title,
            str(len(subject.rules)),
            *(str(levels[level]) for level in Level),
            ", ".join(str(bound.get(name, 0)) for name in ("server", "decoder", "client")),
        )


def _bases() -> Iterator[tuple[str, ...]]:
    for basis in Basis:
        yield (
            basis.value,
            _BASES[basis],
            _worth(BASES[basis, Level.MUST]),
            _worth(BASES[basis, Level.SHOULD]),
        )


def _by_basis() -> Iterator[tuple[str, ...]]:
    for subject in SUBJECTS.values():
        found = counts.by_basis(subject.rules)
        yield subject.name, *(str(found[basis]) for basis in Basis)


def _worth(worth: str) -> str:
    return {"fail": "fails", "warn": "warns"}[worth]


def _unshowable() -> Iterator[tuple[str, ...]]:
    for rule in RULES.values():
        if rule.unshowable is not None:
            page_of = f"dialects/{subject_of(rule).name}.md#{rule.id.lower()}"
            yield f"[{rule.id}]({page_of})", plain(rule.text), rule.unshowable


def _documents() -> Iterator[tuple[str, ...]]:
    for document in DOCUMENTS:
        citing = [rule for rule in RULES.values() if rule.source.document == f"{document.name} {document.version}"]
        dialects = dict.fromkeys(subject_of(rule).name for rule in citing)
        yield (
            f"[{plain(document.name.rstrip(','))}]({document.url})",
            document.version,
            document.kind,
            document.gives,
            str(len(citing)),
            ", ".join(dialects),
        )
