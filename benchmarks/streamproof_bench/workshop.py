"""What has to be installed or compiled first, in the cache: contestants' libraries, the reader in C."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Sequence
from hashlib import sha256
from importlib.metadata import distributions
from pathlib import Path
from typing import Final

from streamproof_bench.table import CannotMeasure, last_words

ROOT: Final = Path(__file__).resolve().parents[1]
_LIMIT_S: Final = 300


def python_folder(cache: Path) -> Path:
    """The folder of the Python libraries of requirements.txt; installed where they are missing or others."""
    wanted = ROOT / "requirements.txt"
    folder = cache / "python"
    command = (sys.executable, "-m", "pip", "install", "-q", "--upgrade", "--target", str(folder), "-r", str(wanted))
    return _made(folder, wanted, command)


def node_modules(cache: Path) -> Path:
    """The folder `node_modules` with what package.json names."""
    npm = shutil.which("npm")
    if npm is None:
        raise CannotMeasure("there is no program `npm` here: install Node 20 or newer with npm")
    wanted = ROOT / "package.json"
    folder = cache / "node"
    folder.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(wanted, folder / "package.json")
    command = (npm, "install", "--prefix", str(folder), "--no-audit", "--no-fund", "--no-package-lock", "--silent")
    return _made(folder, wanted, command) / "node_modules"


def reader(cache: Path) -> Path:
    """The reader in C, compiled."""
    compiler = shutil.which("cc")
    if compiler is None:
        raise CannotMeasure("there is no C compiler `cc` here: install one")
    source = ROOT / "reader" / "reader.c"
    folder = cache / "reader"
    folder.mkdir(parents=True, exist_ok=True)
    program = folder / "reader"
    _made(folder, source, (compiler, "-O2", "-Wall", "-Wextra", "-o", str(program), str(source)))
    return program


def python_versions(cache: Path, *names: str) -> list[str]:
    """`name version` of what is installed in the cache."""
    found = {item.name: item.version for item in distributions(path=[str(python_folder(cache))])}
    return [f"{name} {found[name]}" for name in names]


def node_version(node: str) -> str:
    """`Node 20.20.2`."""
    said = subprocess.run((node, "--version"), capture_output=True, text=True, check=True, timeout=_LIMIT_S)
    return f"Node {said.stdout.strip().removeprefix('v')}"


def node_package_version(cache: Path, name: str) -> str:
    """`name version` of a package of npm's in the cache."""
    package = json.loads((node_modules(cache) / name / "package.json").read_text("utf-8"))
    return f"{name.rpartition('/')[2]} {package['version']}"


def _made(folder: Path, wanted: Path, command: Sequence[str]) -> Path:
    """Runs the command unless it has been run for the same wishes; raises CannotMeasure with what it said."""
    stamp = folder / ".made-of"
    digest = sha256(wanted.read_bytes()).hexdigest()
    if stamp.exists() and stamp.read_text() == digest:
        return folder
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=_LIMIT_S)
    except subprocess.TimeoutExpired as error:
        raise CannotMeasure(f"`{Path(command[0]).name}` took more than {_LIMIT_S} s to set up {wanted.name}") from error
    if done.returncode != 0:
        said = last_words(done.stderr or done.stdout)
        raise CannotMeasure(f"{wanted.name} could not be set up by `{Path(command[0]).name}`: {said}")
    folder.mkdir(parents=True, exist_ok=True)
    stamp.write_text(digest)
    return folder
