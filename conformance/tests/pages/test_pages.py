"""The pages that are made from data: those in the repository are those that the data makes, and all they name is there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from streamproof.linting.streams import findings_of
from streamproof.pages import diagram, samples
from streamproof.pages.__main__ import pages, write
from streamproof.pages.dialect_page import dialect_page
from streamproof.pages.showing import showings
from streamproof.pages.subjects import SUBJECTS, subject_of
from streamproof_formats.dialect import DIALECT_NAMES
from streamproof_formats.dialects import DIALECTS
from streamproof_formats.rules import RULES
from streamproof_formats.rules.documents import DOCUMENTS
from streamproof_formats.states import StateTable, arrows, joined
from streamproof_scenarios.catalogue import Catalogue

DOCS = Path(__file__).parents[3] / "docs"
MADE_BY_OTHERS = {"type-differences.md"}
"""Pages that are linked to and made elsewhere."""


@pytest.fixture(scope="module")
def made() -> dict[str, str]:
    return dict(pages())


def test_the_pages_in_the_repository_are_those_that_the_data_makes(made: dict[str, str]) -> None:
    stale = [
        name for name, text in made.items() if not (DOCS / name).is_file() or (DOCS / name).read_text("utf-8") != text
    ]
    assert stale == [], "write them anew with: python -m streamproof.pages"
    assert {path.relative_to(DOCS).as_posix() for path in (DOCS / "dialects").iterdir()} <= set(made)


def test_every_dialect_and_every_rule_has_its_page(made: dict[str, str]) -> None:
    assert {f"dialects/{name}.md" for name in (*DIALECT_NAMES, "sse", "ndjson")} <= set(made)
    for rule in RULES.values():
        assert f'<a id="{rule.id.lower()}"></a>{rule.id} |' in made[f"dialects/{subject_of(rule).name}.md"]


def test_what_pages_link_to_is_there(made: dict[str, str]) -> None:
    for name, text in made.items():
        for target in re.findall(r"\]\((?!https://)([^)]*)\)", text):
            file, _, anchor = target.partition("#")
            path = (DOCS / name).parent / file if file else DOCS / name
            assert path.is_file() or path.name in MADE_BY_OTHERS, (name, target)
            if anchor:
                assert f'<a id="{anchor}">' in path.read_text("utf-8"), (name, target)


def test_rules_that_no_bytes_show_are_listed(made: dict[str, str]) -> None:
    for rule in RULES.values():
        assert (f"[{rule.id}](dialects/" in made["formats.md"]) == (rule.unshowable is not None)
        assert rule.unshowable is None or rule.unshowable in made["formats.md"]


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda document: document.name)
def test_a_document_of_which_a_version_was_read_is_cited(document: object) -> None:
    assert any(rule.source.document == f"{document.name} {document.version}" for rule in RULES.values())


@pytest.mark.parametrize("dialect", DIALECTS)
def test_the_short_answer_on_a_page_breaks_nothing(dialect: str) -> None:
    assert findings_of(samples._case(dialect, samples._STREAM)) == []
    assert findings_of(samples._case(dialect, samples._REFUSED)) == []


def test_a_page_is_written_where_it_was_asked_for(tmp_path: Path, made: dict[str, str]) -> None:
    write(tmp_path / "new")
    assert (tmp_path / "new" / "dialects" / "sse.md").read_text("utf-8") == made["dialects/sse.md"]


TABLE = StateTable(
    of="it",
    start="new",
    transitions=joined(
        arrows("new", "half way", "a: b", "c"),
        arrows("half way", "half way", "d"),
        arrows("half way", "done", "e"),
        arrows("new", "lost", "f", "g", rules="OC-04"),
        arrows("done", "done", "e", expected="nothing more"),
    ),
)


def test_a_diagram_shows_what_may_come_and_no_more() -> None:
    assert diagram.mermaid(TABLE).split("\n") == [
        "stateDiagram-v2",
        "    direction LR",
        '    state "half way" as half_way',
        "    [*] --> new",
        "    new --> half_way : a  b, c",
        "    half_way --> half_way : d",
        "    half_way --> done : e",
        "    done --> [*]",
    ]
    assert list(diagram.breaches(TABLE)) == [
        ("new", "f, g", ("OC-04",), None),
        ("done", "e", (), "nothing more"),
    ]


def test_scenarios_that_show_a_rule_are_told_apart() -> None:
    shown = showings(Catalogue.load())
    assert set(shown) == set(RULES)
    assert "format/ids-that-change" in shown["OC-07"].breaking
    assert "plain/unknown-fields" in shown["OC-32b"].keeping
    assert all(not set(one.breaking) & set(one.keeping) for one in shown.values())


def test_markup_in_the_text_of_a_rule_stays_text() -> None:
    page = dialect_page(SUBJECTS["sse"], showings(Catalogue.load()))
    assert "application/json or \\*/\\*" in page
