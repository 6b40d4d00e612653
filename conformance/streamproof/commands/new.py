"""`streamproof new NAME`: a new scenario file, from nothing or from a recording."""

from __future__ import annotations

import importlib.resources
import os
import re
import sys
from pathlib import Path, PurePosixPath
from typing import Final

import click

from streamproof.commands.new_document import Made, recorded, skeleton
from streamproof.commands.request_file import read_request
from streamproof.commands.schema import SCHEMAS
from streamproof.config import load_config
from streamproof.errors import StreamproofError
from streamproof.judging.secrets import masked
from streamproof_formats.dialects import DIALECTS
from streamproof_scenarios.catalogue import our_folder
from streamproof_scenarios.file_text import file_text

FOLDER: Final = "scenarios"
SCHEMA_FILE: Final = "scenario.schema.json"
_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*(/[A-Za-z0-9][A-Za-z0-9._-]*)*")


@click.command()
@click.argument("name")
@click.option(
    "--dialect",
    default="openai-chat",
    show_default=True,
    type=click.Choice(list(DIALECTS)),
    help="The dialect of its stream.",
)
@click.option("--from", "capture", metavar="CAPTURE|-", help="A recorded body: its bytes become the steps.")
@click.option("--http", "whole", is_flag=True, help="CAPTURE is a whole raw response as it came off the socket.")
@click.option("--request", metavar="FILE", help="The request body that the recording answers.")
@click.option("--scenarios", "folder", metavar="DIR", help=f"The folder of your scenarios (default: of the project's file, or {FOLDER}).")  # fmt: skip
def new(name: str, dialect: str, capture: str | None, whole: bool, request: str | None, folder: str | None) -> None:
    """Write a new scenario file NAME.yaml; what lies there is never written over.

    A recording is kept byte for byte, except that what looks like a key or an account is masked; the rules that it
    breaks are named in it.
    """
    if capture is None and (whole or request):
        raise StreamproofError("--http and --request say more of a recording", "name it with --from FILE")
    root, own = _place(name, folder)
    if capture is None:
        made = skeleton(own, dialect)
    else:
        made = recorded(own, dialect, _bytes(capture), is_whole=whole, request=read_request(request, masked=masked))
    path = _written(root, own, made)
    for note in made.notes:
        click.echo(f"note: {note}", err=True)
    broken = made.document.get("breaks", ())
    if broken:
        click.echo(f"note: it breaks {', '.join(broken)} (streamproof explain {broken[0]})", err=True)
    click.echo(f"wrote {path}")
    click.echo(f"next: streamproof lint {own} --scenarios {root}")


def _place(name: str, folder: str | None) -> tuple[Path, str]:
    """The folder of scenarios, and the id in it."""
    own = name.removesuffix(".yaml").removesuffix(".yml")
    if not _NAME.fullmatch(own):
        raise StreamproofError(
            f"expected a name such as errors/half-an-answer, found {name!r}", "letters, digits, - and /"
        )
    if (our_folder() / f"{own}.yaml").exists():
        raise StreamproofError(f"{own} is the id of a scenario of the catalogue", "choose another name")
    config = load_config(Path.cwd())
    return Path(folder or (config.scenarios[0] if config.scenarios else FOLDER)), own


def _bytes(capture: str) -> bytes:
    try:
        return sys.stdin.buffer.read() if capture == "-" else Path(capture).read_bytes()
    except OSError as error:
        raise StreamproofError(f"--from {capture}: cannot be read: {error.strerror}") from error


def _written(root: Path, own: str, made: Made) -> Path:
    path = root / f"{own}.yaml"
    schema = os.path.relpath(root / SCHEMA_FILE, path.parent)
    comment = f"yaml-language-server: $schema={PurePosixPath(Path(schema))}"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        if not (root / SCHEMA_FILE).exists():
            package, place = SCHEMAS["scenario"]
            (root / SCHEMA_FILE).write_bytes(importlib.resources.files(package).joinpath(place).read_bytes())
        with path.open("x", encoding="utf-8") as file:
            file.write(file_text(made.document, [comment]))
    except FileExistsError as error:
        raise StreamproofError(f"{path} is there already", "choose another name") from error
    except OSError as error:
        raise StreamproofError(f"{path}: cannot be written: {error.strerror}") from error
    return path
