"""Programs that measure themselves: run on a core, answering with one line of JSON."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from streamproof_bench.machine import on_core
from streamproof_bench.table import CannotMeasure, last_words

HERE: Final = Path(__file__).resolve().parents[1] / "programs"
_LIMIT_S: Final = 600


def measured(name: str, *arguments: object, core: int | None, paths: Sequence[Path] = ()) -> dict[str, Any]:
    """What the program tells; `core` None leaves it all of them.  Raises CannotMeasure."""
    environment = dict(os.environ)
    looked_in = [*map(str, paths), environment.get("PYTHONPATH", "")]
    environment["PYTHONPATH"] = os.pathsep.join(path for path in looked_in if path)
    command = (sys.executable, str(HERE / name), *map(str, arguments))
    try:
        if core is None:
            done = _run(command, environment)
        else:
            with on_core(core):
                done = _run(command, environment)
    except subprocess.TimeoutExpired as error:
        raise CannotMeasure(f"{name} took more than {_LIMIT_S} s") from error
    if done.returncode != 0:
        raise CannotMeasure(f"{name} ended with code {done.returncode}: {last_words(done.stderr)}")
    told: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return told


def _run(command: Sequence[str], environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=_LIMIT_S,
        stdin=subprocess.DEVNULL,
    )
