"""Every delivery over IPv4 and IPv6, asking the kernel and waiting: the bytes of each read, the boundaries in the journal."""

from __future__ import annotations

import ast
import sys
from itertools import accumulate
from pathlib import Path

import pytest

import streamproof_mock
from streamproof_mock.server import serving
from streamproof_scenarios.cases import cases
from streamproof_scenarios.compiler import plays
from streamproof_scenarios.loader import loads
from streamproof_scenarios.plan import Write

from .stranger import hear

SOURCE = """
dialect: openai-chat
stream:
  framing: close
  eol: crlf
  steps: [data: 你好, {data: ab, cut: 3}, comment: c, cut, data: é]
"""
DELIVERIES = [
    "as-written", "whole", "per-event", "bytewise", "inside-utf8", "inside-crlf", "size:7", "size:1000", "at:3,11,12",
    "random:1", "random:2", "every-split",
]  # fmt: skip
HOSTS = ["127.0.0.1", "::1"]
on_linux = pytest.mark.skipif(sys.platform != "linux", reason="the kernel is asked on Linux only")


def plans(delivery):
    (case,) = cases(loads(SOURCE, path="d.yaml", id="d"))
    return list(plays(case, delivery))


def parts(plan):
    """The bytes between promised boundaries."""
    found = [b""]
    for write in plan.answers[0].operations():
        assert isinstance(write, Write)
        found[-1] += write.data
        if write.promised:
            found.append(b"")
    return [part for part in found if part]


async def heard(server, plan):
    session = server.play(plan)
    found = await hear(session.origin)
    assert await session.settled(1)
    [exchange] = session.exchanges
    session.close()
    first = found.reads[0].partition(b"\r\n\r\n")[2]
    return [read for read in (first, *found.reads[1:]) if read], exchange


@on_linux
@pytest.mark.parametrize("host", HOSTS)
@pytest.mark.parametrize("delivery", DELIVERIES)
async def test_each_read_ends_where_the_delivery_says(host, delivery):
    async with serving(host=host) as server:
        for plan in plans(delivery):
            reads, exchange = await heard(server, plan)
            due = parts(plan)
            assert b"".join(reads) == b"".join(due)
            ends = set(accumulate(map(len, reads)))
            assert ends >= set(accumulate(map(len, due)))
            asked = sum(write.promised for write in plan.answers[0].operations())
            assert (exchange.boundaries_asked, exchange.boundaries_kept) == (asked, asked)
            assert exchange.way == ("asked" if asked else None)
            assert exchange.read is not None


@pytest.mark.parametrize("host", HOSTS)
@pytest.mark.parametrize("delivery", DELIVERIES)
async def test_where_the_kernel_is_not_asked_time_is_waited_at_each_boundary(host, delivery):
    async with serving(host=host, ask_kernel=False) as server:
        for plan in plans(delivery)[::6]:
            reads, exchange = await heard(server, plan)
            assert b"".join(reads) == b"".join(parts(plan))
            asked = sum(write.promised for write in plan.answers[0].operations())
            assert (exchange.boundaries_asked, exchange.boundaries_kept) == (asked, asked)
            assert exchange.way == ("waited" if asked else None)
            assert exchange.read is None
            times = [at_ns for at_ns, _ in exchange.writes]
            ends = list(accumulate(size for _, size in exchange.writes))
            for end in list(accumulate(map(len, parts(plan))))[:-1]:
                place = ends.index(end)
                assert times[place + 1] - times[place] >= 5_000_000


def test_every_split_parts_each_two_bytes_that_nothing_else_parts():
    split = [[len(part) for part in parts(plan)] for plan in plans("every-split")]
    whole = parts(plans("whole")[0])
    assert len(split) == sum(len(part) - 1 for part in whole)
    assert len({tuple(sizes) for sizes in split}) == len(split)


def test_a_seed_is_a_delivery_of_its_own_and_always_the_same():
    assert parts(plans("random:1")[0]) == parts(plans("random:1")[0]) != parts(plans("random:2")[0])


LINUX_ONLY = {"fcntl", "streamproof_mock.peer"}


def imports(tree):
    """The names that a module imports outside of `if sys.platform == "linux":` and `if TYPE_CHECKING:`."""
    if isinstance(tree, ast.If) and ast.unparse(tree.test) in {"sys.platform == 'linux'", "TYPE_CHECKING"}:
        for node in tree.orelse:
            yield from imports(node)
        return
    if isinstance(tree, ast.Import):
        yield from (alias.name for alias in tree.names)
    elif isinstance(tree, ast.ImportFrom):
        yield tree.module or ""
    for node in ast.iter_child_nodes(tree):
        yield from imports(node)


MODULES = sorted(path for path in Path(streamproof_mock.__file__).parent.rglob("*.py") if path.name != "peer.py")


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.stem)
def test_nothing_of_linux_is_imported_elsewhere(path):
    found = set(imports(ast.parse(path.read_text(encoding="utf-8"))))
    assert not {name for name in found if name in LINUX_ONLY}


def test_the_check_of_imports_sees_one():
    source = "import sys\nif sys.platform == 'linux':\n    import fcntl\nelse:\n    from streamproof_mock.peer import Kernel\n"
    assert set(imports(ast.parse(source))) & LINUX_ONLY == {"streamproof_mock.peer"}
