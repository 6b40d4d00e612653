"""The clients below `clients/`: every file can be read, and what it names is there."""

from __future__ import annotations

from pathlib import Path

import pytest

from streamproof.adapters.client_file import load_client_file

GALLERY = Path(__file__).parents[3] / "clients"
FILES = sorted(GALLERY.glob("*/client.yaml"))
SPECS = {spec.label: spec for file in FILES for spec in load_client_file(file)}


def test_every_folder_is_a_client() -> None:
    folders = {place.name for place in GALLERY.iterdir() if place.is_dir() and not place.name.startswith("_")}
    assert folders == {file.parent.name for file in FILES} == {spec.name for spec in SPECS.values()}


def test_the_list_of_clients_is_whole() -> None:
    listed = (GALLERY / "README.md").read_text("utf-8")
    for spec in SPECS.values():
        assert f"`{spec.name}`" in listed
        assert f"`{spec.entry}`" in listed


@pytest.mark.parametrize("label", SPECS)
def test_what_a_command_names_is_there(label: str) -> None:
    spec = SPECS[label]
    assert spec.about
    assert spec.needs
    assert spec.cwd is not None
    words = [*spec.command, *(word for command in spec.setup for word in command)]
    named = [word for word in words if Path(word).suffix in {".py", ".mjs", ".java", ".txt"}]
    assert all((Path(spec.cwd) / word).is_file() for word in named)
