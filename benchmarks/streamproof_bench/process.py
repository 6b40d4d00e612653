"""A contestant as a process: started on its core, asked what it has cost, stopped."""

from __future__ import annotations

import os
import re
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import attrs

from streamproof_bench.contestants import BASE, OURS, Contestant
from streamproof_bench.machine import cpu_ns, memory_bytes, on_core
from streamproof_bench.material import Material
from streamproof_bench.table import CannotMeasure, Setting, last_words

_ADDRESS: Final = re.compile(r"http://127\.0\.0\.1:(\d+)")
_START_S: Final = 30.0
_STOP_S: Final = 5.0


@attrs.frozen(kw_only=True)
class Server:
    """A contestant that listens."""

    contestant: Contestant
    port: int
    pid: int

    def cpu_ns(self) -> int:
        """What it has cost so far."""
        return cpu_ns(self.pid)

    def memory_bytes(self) -> int:
        """What it holds."""
        return memory_bytes(self.pid)


@contextmanager
def started(contestant: Contestant, material: Material, setting: Setting) -> Iterator[Server]:
    """Runs a contestant on the server's core until the block ends; raises CannotMeasure if it does not listen."""
    command = contestant.command(material, setting.cache)
    said = setting.folder / f"{contestant.name}.{time.monotonic_ns()}.txt"
    # Into files: a pipe that nobody reads would stop a server that logs.
    with said.open("wb") as output, on_core(setting.cores.server):
        process = subprocess.Popen(
            command, stdout=output, stderr=subprocess.STDOUT, env=_environment(contestant, setting)
        )
    try:
        port = _port(process, said, contestant.label)
        yield Server(contestant=contestant, port=port, pid=process.pid)
    finally:
        process.terminate()
        try:
            process.wait(_STOP_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _environment(contestant: Contestant, setting: Setting) -> Mapping[str, str]:
    environment = dict(os.environ)
    paths = [*map(str, contestant.paths(setting.cache)), environment.get("PYTHONPATH", "")]
    environment["PYTHONPATH"] = os.pathsep.join(path for path in paths if path)
    return environment


def _port(process: subprocess.Popen[bytes], said: Path, label: str) -> int:
    until = time.monotonic() + _START_S
    while time.monotonic() < until:
        text = said.read_text("utf-8", errors="replace")
        if found := _ADDRESS.search(text):
            return int(found[1])
        if process.poll() is not None:
            raise CannotMeasure(f"{label} ended with code {process.returncode} before it listened: {last_words(text)}")
        time.sleep(0.02)
    raise CannotMeasure(f"{label} did not say within {_START_S:.0f} s where it listens")


def without(servers: dict[str, Server], name: str, error: Exception) -> str:
    """Takes a server that failed out of the run and says why; raises CannotMeasure where nothing is left to compare."""
    reason = f"{servers.pop(name).contestant.label}: {error}"
    if name in {BASE.name, OURS.name}:
        raise CannotMeasure(reason) from error
    return reason
