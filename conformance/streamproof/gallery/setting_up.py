"""Setting a client up: the commands of its `client.yaml`, once per content of its folder's files."""

from __future__ import annotations

import hashlib
import os
import subprocess
from pathlib import Path
from typing import Final

from streamproof.adapters.spec import ClientSpec
from streamproof.errors import CannotJudge
from streamproof.gallery import failures, row, verdicts

STAMP: Final = ".streamproof-setup"
TOLD: Final = frozenset({STAMP, failures.FILE_NAME, row.KNOWN_FLAKY, verdicts.FILE_NAME})
"""Files that are told of a client, on which no setup depends."""

_LIMIT_S: Final = 300.0
_LAST_LINES: Final = 15


def needs_setup(spec: ClientSpec) -> bool:
    """True unless the setup ran for the files as they are now."""
    if not spec.setup or spec.cwd is None:
        return False
    stamp = Path(spec.cwd) / STAMP
    return not stamp.is_file() or stamp.read_text("ascii", "replace") != _digest(spec)


def set_up(spec: ClientSpec) -> None:
    """Runs the setup commands in the client's folder; raises `CannotJudge` with the last lines of one that fails."""
    if spec.cwd is None:
        return
    for command in spec.setup:
        try:
            done = subprocess.run(  # noqa: S603 - the commands are those of the user's own client.yaml
                command, cwd=spec.cwd, capture_output=True, timeout=_LIMIT_S, check=False, env={**os.environ, "CI": "1"}
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            raise CannotJudge(f"{spec.name}: setup cannot run {' '.join(command)}: {error}") from error
        if done.returncode != 0:
            lines = (done.stdout + done.stderr).decode("utf-8", "replace").splitlines()[-_LAST_LINES:]
            said = "\n".join(lines)
            raise CannotJudge(f"{spec.name}: setup ended with {done.returncode}: {' '.join(command)}\n{said}")
    (Path(spec.cwd) / STAMP).write_text(_digest(spec), "ascii")


def _digest(spec: ClientSpec) -> str:
    """What the setup depends on: the files beside client.yaml that say what to install or build."""
    assert spec.cwd is not None
    digest = hashlib.sha256(repr(spec.setup).encode())
    for path in sorted(Path(spec.cwd).iterdir()):
        if path.is_file() and path.name not in TOLD:
            digest.update(path.name.encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()
