"""`streamproof serve` under load: several processes, the journal in a file, and a stop in the middle of it all."""

from __future__ import annotations

import json
import os
import re
import select
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

import attrs
import pytest

from streamproof.commands.workers import held_port

BODY: Final = b'{"model": "m", "messages": [{"role": "user", "content": "hi"}], "stream": true}'
TICKS: Final = """\
title: Ticks for a long time
dialect: openai-chat
about: Load.
force: must
stream:
  steps:
    - repeat: {times: 1500, steps: [text: "tick ", pause: 20ms]}
    - {finish: stop}
    - done
"""

on_linux = pytest.mark.skipif(sys.platform != "linux", reason="only Linux spreads connections over processes")


@attrs.define
class Server:
    """A server that listens."""

    process: subprocess.Popen[str]
    port: int
    said: str

    def stop(self, number: signal.Signals = signal.SIGINT) -> tuple[int, str, str]:
        """Exit code, and what it said from then on."""
        self.process.send_signal(number)
        out, err = self.process.communicate(timeout=20)
        return self.process.returncode, out, err

    def connect(self, path: str) -> socket.socket:
        """A connection with a request on it."""
        client = socket.create_connection(("127.0.0.1", self.port), timeout=10)
        head = (
            f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nContent-Length: {len(BODY)}"
        )
        client.sendall(f"{head}\r\n\r\n".encode() + BODY)
        return client


Serve = Callable[..., Server]


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Serve]:
    """Starts it on a free port with a scenario `ticks` of its own."""
    (tmp_path / "own").mkdir()
    (tmp_path / "own" / "ticks.yaml").write_text(TICKS)
    started: list[subprocess.Popen[str]] = []

    def start(*options: str) -> Server:
        env = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), "PYTHONUNBUFFERED": "1"}
        command = [sys.executable, "-m", "streamproof", "serve", "ticks", "--scenarios", "own", "--port", "0", *options]
        process = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=env, cwd=tmp_path
        )
        started.append(process)
        assert process.stdout is not None
        said = ""
        while line := process.stdout.readline():
            said += line
            if line.strip().startswith("--seed draws" if "--workers" in options else "curl"):
                break
        found = re.search(r"listening on http://127\.0\.0\.1:(\d+)", said)
        assert found is not None, (said, process.stderr.read() if process.stderr else "")
        return Server(process, int(found[1]), said)

    yield start
    for process in started:
        with process:
            process.kill()


def journal_of(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def take_all(clients: list[socket.socket]) -> dict[int, int]:
    """Reads until every connection has ended; bytes of each by its local port."""
    size = {client.fileno(): 0 for client in clients}
    open_ = {client.fileno(): client for client in clients}
    poll = select.poll()
    for number in open_:
        poll.register(number, select.POLLIN)
    while open_:
        ready = poll.poll(10_000)
        assert ready, f"{len(open_)} connections did not end"
        for number, _ in ready:
            try:
                data = open_[number].recv(65536)
            except ConnectionResetError:
                data = b""
            size[number] += len(data)
            if not data:
                poll.unregister(number)
                del open_[number]
    return size


@pytest.mark.parametrize("streams", [30, pytest.param(2000, marks=pytest.mark.load)])
def test_an_interrupt_in_the_middle_of_it_all_leaves_a_whole_journal(
    serve: Serve, tmp_path: Path, streams: int
) -> None:
    server = serve("--journal", "journal.jsonl")
    clients = [server.connect("/s/ticks/v1/chat/completions") for _ in range(streams)]
    begun = sum(len(client.recv(65536)) for client in clients)
    idle = [socket.create_connection(("127.0.0.1", server.port)) for _ in range(5)]
    idle[0].sendall(b"POST /v1/chat")
    # Impatience must not cut the journal off.
    server.process.send_signal(signal.SIGINT)
    code, out, err = server.stop(signal.SIGTERM)
    heard = begun + sum(take_all(clients).values())
    assert (code, err) == (0, "stopped\n")

    entries = journal_of(tmp_path / "journal.jsonl")
    assert len(entries) == streams
    assert {(entry["case"], entry["status"], entry["complete"]) for entry in entries} == {
        ("ticks as-written", 200, False)
    }
    # What was not read when the server reset the connections, the clients' kernels threw away.
    assert sum(entry["wire_written"] for entry in entries) >= heard
    assert all(entry["ended_ns"] >= entry["last_byte_ns"] for entry in entries)
    assert out.count("broken off") == streams
    for client in (*clients, *idle):
        client.close()


def test_each_exchange_is_one_line_and_quiet_leaves_it_out(serve: Serve) -> None:
    said = []
    for options in ((), ("-q",)):
        server = serve(*options)
        with server.connect("/v1/nothing") as client:
            assert b" 404 " in client.recv(65536)
        code, out, err = server.stop()
        assert (code, err) == (0, "stopped\n")
        said.append(out)
    assert re.fullmatch(r"POST /v1/nothing 404 1 write, \d+ bytes in [\d.]+ ms\n", said[0])
    assert said[1] == ""


@on_linux
def test_workers_share_a_port_and_a_journal_and_say_what_they_give_up(serve: Serve, tmp_path: Path) -> None:
    server = serve("--workers", "2", "--journal", "journal.jsonl")
    assert "2 workers share the port, so" in server.said
    clients = [server.connect("/s/ticks/v1/chat/completions") for _ in range(30)]
    for client in clients:
        assert client.recv(65536).startswith(b"HTTP/1.1 200")
    code, out, err = server.stop(signal.SIGTERM)
    take_all(clients)
    assert (code, err) == (0, "stopped\n")
    entries = journal_of(tmp_path / "journal.jsonl")
    assert len(entries) == 30
    assert {entry["worker"] for entry in entries} == {0, 1}
    assert out.count("broken off") == 30
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", server.port))
    for client in clients:
        client.close()


@on_linux
def test_when_a_worker_is_killed_the_others_stop_and_it_is_said(serve: Serve) -> None:
    server = serve("--workers", "2")
    children = Path(f"/proc/{server.process.pid}/task/{server.process.pid}/children").read_text().split()
    assert len(children) == 2
    os.kill(int(children[0]), signal.SIGKILL)
    _, err = server.process.communicate(timeout=20)
    assert server.process.returncode == 3
    assert "a worker ended by itself" in err


@on_linux
def test_workers_stop_when_their_parent_is_killed(serve: Serve) -> None:
    server = serve("--workers", "2")
    server.process.kill()
    # The pipe of their output ends when the last of them has gone.
    server.process.communicate(timeout=20)
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", server.port))


@on_linux
def test_workers_do_not_share_the_port_of_a_stranger(tmp_path: Path) -> None:
    with socket.socket() as other:
        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = str(other.getsockname()[1])
        done = _served(tmp_path, "--port", port, "--workers", "2")
    assert done.returncode == 2
    assert f"error: cannot listen on 127.0.0.1 port {port}" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_journal_that_cannot_be_written_is_an_error_of_use(tmp_path: Path) -> None:
    done = _served(tmp_path, "--port", "0", "--journal", "nowhere/journal.jsonl")
    assert done.returncode == 2
    assert "error: --journal: cannot write nowhere/journal.jsonl: No such file or directory" in done.stderr


@on_linux
def test_a_held_port_is_free_for_workers_and_for_nobody_else() -> None:
    with held_port("127.0.0.1", 0) as port, socket.socket() as worker, socket.socket() as stranger:
        worker.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        worker.bind(("127.0.0.1", port))
        with pytest.raises(OSError, match="Address already in use"):
            stranger.bind(("127.0.0.1", port))


def _served(folder: Path, *options: str) -> subprocess.CompletedProcess[str]:
    env = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    command = [sys.executable, "-m", "streamproof", "serve", "plain/usage", *options]
    return subprocess.run(command, capture_output=True, text=True, env=env, cwd=folder, timeout=30, check=False)
