"""The contestants: how each is started, where it answers, and what its answer must hold."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Final, Literal

import attrs

from streamproof_bench import machine
from streamproof_bench.answers import Check, exact, same_text
from streamproof_bench.material import Material, Stream
from streamproof_bench.table import CannotMeasure
from streamproof_bench.workshop import node_modules, node_package_version, node_version, python_folder, python_versions

Way = Literal["joined", "each", "paced"]
"""All at once as the server likes it, one write for each event, one event after the other with a pause between."""

HERE: Final = Path(__file__).resolve().parents[1] / "contestants"
DELIVERIES: Final[Mapping[Way, str]] = {"joined": "whole", "each": "as-written", "paced": "as-written"}


@attrs.frozen(kw_only=True)
class Contestant:
    """A server to be measured."""

    name: str
    label: str
    command: Callable[[Material, Path], Sequence[str]]
    """What starts it, of the material and the folder of what was installed; raises CannotMeasure."""
    target: Callable[[Way, Stream], str]
    """The path of a stream."""
    versions: Callable[[Path], Sequence[str]]
    ways: frozenset[Way] = frozenset({"joined", "each", "paced"})
    paths: Callable[[Path], Sequence[Path]] = lambda _: ()
    """Folders that its Python looks in first."""
    is_exact: bool = True
    """It sends our bytes, not events of its own."""
    streams_at_first: int = 500
    """With so many paced streams the search for its limit begins."""

    def check(self, stream: Stream) -> Check:
        """What its answers are held against."""
        return exact(stream) if self.is_exact else same_text(stream)


def _plain_target(way: Way, stream: Stream) -> str:
    return f"/{way}/{stream.name}"


def _ours(material: Material, _: Path) -> Sequence[str]:
    # The others log nothing either.
    return (sys.executable, "-m", "streamproof", "serve", "-q", "--port", "0", "--scenarios", str(material.scenarios))


def _python(program: str) -> Callable[[Material, Path], Sequence[str]]:
    return lambda material, _: (sys.executable, str(HERE / program), str(material.plain))


def _starlette(material: Material, cache: Path) -> Sequence[str]:
    python_folder(cache)
    return _python("starlette_uvicorn.py")(material, cache)


def _node() -> str:
    found = shutil.which("node")
    if found is None:
        raise CannotMeasure("there is no program `node` here: install Node 20 or newer")
    return found


def _node_http(material: Material, _: Path) -> Sequence[str]:
    return (_node(), str(HERE / "node_http.mjs"), str(material.plain))


def _aimock(material: Material, cache: Path) -> Sequence[str]:
    return (_node(), str(HERE / "aimock.mjs"), str(material.plain), str(node_modules(cache)))


BASE: Final = Contestant(
    name="quart-trio",
    label="plain quart-trio",
    command=_python("quart_trio_plain.py"),
    target=_plain_target,
    versions=lambda _: machine.versions("quart", "quart-trio", "hypercorn", "trio"),
    streams_at_first=250,
)
OURS: Final = Contestant(
    name="streamproof",
    label="streamproof",
    command=_ours,
    target=lambda way, stream: f"/s/{stream.hash(DELIVERIES[way])}/v1/chat/completions",
    versions=lambda _: (),
    streams_at_first=1500,
)
NODE: Final = Contestant(
    name="node",
    label="Node http",
    command=_node_http,
    target=_plain_target,
    versions=lambda _: [node_version(_node())],
    streams_at_first=1500,
)
AIMOCK: Final = Contestant(
    name="aimock",
    label="aimock",
    command=_aimock,
    target=lambda _way, _stream: "/v1/chat/completions",
    versions=lambda cache: [node_package_version(cache, "@copilotkit/aimock")],
    ways=frozenset({"joined", "paced"}),
    is_exact=False,
    streams_at_first=1000,
)
STARLETTE: Final = Contestant(
    name="starlette",
    label="Starlette on uvicorn",
    command=_starlette,
    target=_plain_target,
    versions=lambda cache: python_versions(cache, "starlette", "uvicorn", "uvloop", "httptools"),
    paths=lambda cache: [python_folder(cache)],
    streams_at_first=750,
)
FLOOR: Final = Contestant(
    name="trio-socket",
    label="bare trio socket",
    command=_python("trio_socket.py"),
    target=_plain_target,
    versions=lambda _: (),
    streams_at_first=1500,
)

CONTESTANTS: Final = (BASE, OURS, STARLETTE, NODE, AIMOCK, FLOOR)


def chosen(only: Sequence[str]) -> list[Contestant]:
    """The contestants named, all without a name; ours and the plain one are always among them."""
    always = {BASE.name, OURS.name}
    return [contestant for contestant in CONTESTANTS if not only or contestant.name in {*always, *only}]
