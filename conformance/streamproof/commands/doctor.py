"""`streamproof doctor`: what this machine has of what a run needs."""

from __future__ import annotations

import importlib.metadata
import os
import platform
import sys
from collections.abc import Callable, Iterator
from typing import Final, Literal

import click
import trio

from streamproof import __version__
from streamproof.errors import FAILED
from streamproof_mock.server import serving
from streamproof_scenarios.catalogue import Catalogue

PACKAGES: Final = ("trio", "hypercorn", "quart", "quart-trio", "httpcore", "h11", "h2", "jsonschema", "pyyaml", "rich")
OPTIONAL: Final = {"brotli": "brotli", "pytest": "pytest", "trustme": "tls"}
"""Packages, and the extras that bring them."""

Mark = Literal["ok", "note", "bad"]
Line = tuple[Mark, str]


@click.command()
def doctor() -> None:
    """Look at this machine: versions, the loopback server, the kernel's answers, proxies, the catalogue."""
    worst = False
    for check in (_versions, _optional, _proxies, _server, _catalogue):
        for mark, text in _lines(check):
            worst = worst or mark == "bad"
            click.echo(f"{mark:5} {text}")
    if worst:
        raise SystemExit(FAILED)


def _lines(check: Callable[[], Iterator[Line]]) -> Iterator[Line]:
    try:
        yield from check()
    except Exception as error:  # noqa: BLE001 - a doctor reports what is broken, whatever it is
        yield "bad", f"{(check.__doc__ or check.__name__).rstrip('.')}: {error!r}"


def _versions() -> Iterator[Line]:
    """Versions."""
    yield "ok", f"streamproof {__version__}, Python {platform.python_version()} ({sys.executable})"
    yield "ok", f"{platform.system()} {platform.release()}, {os.cpu_count()} cores"
    yield "ok", ", ".join(f"{name} {importlib.metadata.version(name)}" for name in PACKAGES)


def _optional() -> Iterator[Line]:
    """Optional packages."""
    for name, extra in OPTIONAL.items():
        try:
            yield "ok", f"{name} {importlib.metadata.version(name)}"
        except importlib.metadata.PackageNotFoundError:
            yield "note", f"{name} is not installed: pip install 'streamproof[{extra}]' if you need it"


def _proxies() -> Iterator[Line]:
    """Proxy variables."""
    names = sorted(name for name in os.environ if name.lower() in {"http_proxy", "https_proxy", "all_proxy"})
    if names:
        yield "note", f"{', '.join(names)} set: clients under test are started without them"


def _server() -> Iterator[Line]:
    """The mock server."""
    url, asks_kernel = trio.run(_once)
    yield "ok", f"the mock server starts and stops ({url})"
    if asks_kernel:
        yield "ok", "the kernel tells what a client has read: boundaries are asked for"
    else:
        yield "note", "the kernel does not tell what a client has read: boundaries are kept by waiting"


async def _once() -> tuple[str, bool]:
    async with serving() as server:
        return server.url, server.asks_kernel


def _catalogue() -> Iterator[Line]:
    """The catalogue."""
    yield "ok", f"{len(Catalogue.load().scenarios)} scenarios load"
