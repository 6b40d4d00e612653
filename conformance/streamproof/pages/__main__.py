"""`python -m streamproof.pages [FOLDER]`: writes the pages that are made from data, `docs` unless told otherwise."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path

from streamproof.pages.catalogue_pages import catalogue_pages
from streamproof.pages.dialect_page import dialect_page
from streamproof.pages.disagreements_page import disagreements_page
from streamproof.pages.formats_page import formats_page
from streamproof.pages.showing import showings
from streamproof.pages.subjects import SUBJECTS
from streamproof.subjects.broken.rows import read_rows
from streamproof_scenarios.catalogue import Catalogue


def pages() -> Mapping[str, str]:
    """Every page by its path below the folder of documents."""
    book, rows = Catalogue.load(), read_rows()
    scenarios, shown = tuple(book), showings(book)
    return {
        "formats.md": formats_page(),
        "disagreements.md": disagreements_page(scenarios, rows),
        **catalogue_pages(scenarios, rows),
        **{f"dialects/{name}.md": dialect_page(subject, shown) for name, subject in SUBJECTS.items()},
    }


def write(folder: Path) -> None:
    """Writes every page."""
    for name, text in pages().items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    write(Path(sys.argv[1] if len(sys.argv) > 1 else "docs"))
