"""Finding a client by the name that a user gives: one of ours, a file or folder, or one below `clients/`."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from streamproof.adapters.client_file import FILE_NAME, ClientFileError, load_client_file
from streamproof.adapters.messages import nearest
from streamproof.adapters.spec import BUILT_IN, ClientSpec, built_in

GALLERY: Final = "clients"


class ClientNotFound(Exception):  # noqa: N818 - says the state, and its text what to do
    """No client of this name, or no such entry of it: what there is instead."""


def find_client(name: str, folder: Path | None = None) -> ClientSpec:
    """The client that `NAME` or `NAME:ENTRY` means, seen from `folder` (the current one); the first entry by default.

    NAME is one of ours, a path to a `client.yaml` or its folder, or a folder below `clients/`.  ClientNotFound if there
    is none, ClientFileError if its file is wrong.
    """
    here = folder or Path.cwd()
    wanted, entry = name, ""
    entries = _entries(name, here)
    if entries is None and ":" in name:
        wanted, _, entry = name.rpartition(":")
        entries = _entries(wanted, here)
    if entries is None:
        known = gallery(here)
        fix = nearest(wanted, known) or f"known are {', '.join(known)}"
        raise ClientNotFound(
            f"expected a client, found none named {wanted}; {fix} (a name, or the path of a {FILE_NAME} or its folder)"
        )
    if not entry:
        return entries[0]
    for spec in entries:
        if spec.entry == entry:
            return spec
    names = [spec.entry for spec in entries if spec.entry]
    has = f"it has {', '.join(names)}" if names else "it has one only, without a name"
    raise ClientNotFound(f"expected an entry of the client {wanted}, found none named {entry}; {has}")


def gallery(folder: Path | None = None) -> tuple[str, ...]:
    """The names that need no path: our own clients, then the folders below `clients/`."""
    place = (folder or Path.cwd()) / GALLERY
    return (*BUILT_IN, *sorted(file.parent.name for file in place.glob(f"*/{FILE_NAME}")))


def _entries(name: str, here: Path) -> tuple[ClientSpec, ...] | None:
    if name in BUILT_IN:
        return (built_in(name),)
    if not name or "\0" in name:
        return None
    for place in (here / name, here / GALLERY / name):
        if place.is_dir() and (place / FILE_NAME).is_file():
            return load_client_file(place / FILE_NAME)
        if place.is_file():
            if place.suffix not in (".yaml", ".yml"):
                raise ClientFileError(
                    f"{place}: expected a {FILE_NAME}, found another file; a command to run comes after --"
                )
            return load_client_file(place)
    return None
