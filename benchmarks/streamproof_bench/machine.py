"""The machine: which core is whose, what it is, and what a process has cost.  Linux."""

from __future__ import annotations

import os
import platform
import resource
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path
from typing import Final

import attrs

_PROC: Final = Path("/proc")


@attrs.frozen(kw_only=True)
class Cores:
    """One core for the server, another one for the load; the same where there is but one."""

    server: int
    load: int

    @classmethod
    def of_this_machine(cls) -> Cores:
        """The first and the last of the cores that this process may use."""
        usable = sorted(os.sched_getaffinity(0))
        return cls(server=usable[0], load=usable[-1])

    @property
    def are_apart(self) -> bool:
        """False where both must share one core: figures then say little."""
        return self.server != self.load


@contextmanager
def on_core(core: int) -> Iterator[None]:
    """This thread runs on one core, and so does what it starts, until the block ends."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {core})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def allow_many_files() -> None:
    """Lets this process and what it starts open as many files as the system allows: thousands of streams are."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


def cpu_ns(pid: int) -> int:
    """CPU time that the threads of a process have used so far, user and system together."""
    total = 0
    for task in (_PROC / str(pid) / "task").iterdir():
        # The first number is the time spent on the CPU in nanoseconds (kernel documentation, sched-stats).
        total += int((task / "schedstat").read_text().split()[0])
    return total


def memory_bytes(pid: int) -> int:
    """Memory that would be free if the process were gone: its private pages and its share of the shared ones."""
    for line in (_PROC / str(pid) / "smaps_rollup").read_text().splitlines():
        name, _, rest = line.partition(":")
        if name == "Pss":
            return int(rest.split()[0]) * 1024
    raise OSError(f"no line Pss in smaps_rollup of process {pid}")


def described() -> str:
    """The machine without its name: processor, cores, memory, kernel, Python."""
    processor = next(
        (line.partition(":")[2].strip() for line in _lines("cpuinfo") if line.startswith("model name")),
        platform.machine(),
    )
    memory_kb = next((int(line.split()[1]) for line in _lines("meminfo") if line.startswith("MemTotal")), 0)
    kernel = platform.release().partition("-")[0]
    return (
        f"{processor}, {len(os.sched_getaffinity(0))} cores, {memory_kb / 1e6:.0f} GB, "
        f"Linux {kernel}, {platform.python_implementation()} {platform.python_version()}"
    )


def versions(*names: str) -> list[str]:
    """`name version` of installed distributions."""
    return [f"{name} {version(name)}" for name in names]


def _lines(name: str) -> list[str]:
    return (_PROC / name).read_text(errors="replace").splitlines()
