"""What to start: names, files, commands; what a file may say and how its faults are told; needs; the environment."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from streamproof.adapters.client_file import ClientFileError, load_client_file
from streamproof.adapters.environment import BASE_URLS, environment
from streamproof.adapters.finding import ClientNotFound, find_client, gallery
from streamproof.adapters.needs import find_missing
from streamproof.adapters.spec import ClientSpec, command_client

WHOLE = """\
name: mine
about: My own client
needs: [node>=20, npm]
setup:
  - npm ci
  - [npm, run, "build it"]
env: {SHARED: yes, LEVEL: "1"}
entries:
  chat:
    command: [node, adapter.mjs]
    env: {LEVEL: 2.10, OFF: no}
  text:
    about: The same as a script
    kind: plain
    command: node 'my script.mjs' {base_url}
    dialects: [openai-chat, mistral]
    capabilities: [finish_reason]
"""


def write(folder: Path, text: str = WHOLE) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / "client.yaml"
    file.write_text(text, "utf-8")
    return file


def test_a_file_gives_its_entries_with_what_they_share(tmp_path: Path) -> None:
    file = write(tmp_path)
    chat, text = load_client_file(file)
    assert chat == ClientSpec(
        name="mine",
        about="My own client",
        entry="chat",
        command=("node", "adapter.mjs"),
        env={"SHARED": "yes", "LEVEL": "2.10", "OFF": "no"},
        cwd=str(tmp_path),
        needs=("node>=20", "npm"),
        setup=(("npm", "ci"), ("npm", "run", "build it")),
        path=str(file),
    )
    assert (text.entry, text.kind, text.about) == ("text", "plain", "The same as a script")
    assert text.command == ("node", "my script.mjs", "{base_url}")
    assert text.env == {"SHARED": "yes", "LEVEL": "1"}
    assert (text.dialects, text.capabilities) == (("openai-chat", "mistral"), {"finish_reason"})
    assert (chat.label, text.label) == ("mine:chat", "mine:text")


ENTRY = "entries: {a: {command: x}}\n"
FAULTS = [
    ("", ": expected a mapping with name and entries, found an empty file"),
    ("name: [\n", ":2:1: expected YAML: "),
    ("- a\n", ":1:1: expected a mapping, found a list"),
    ("name: x\n", ":1:1: expected the key entries, found name"),
    (ENTRY, ":1:1: expected the key name, found entries"),
    (f"name: x\nentires: 1\n{ENTRY}", ':2:1: unknown key "entires"; did you mean "entries"?'),
    (f"name: x\nname: y\n{ENTRY}", ':2:1: expected each key once, found "name" again'),
    (f"name:\n{ENTRY}", ":1:6: expected text, found nothing; write '' for an empty text"),
    (f"name: ' '\n{ENTRY}", ":1:7: expected a text that is not empty"),
    (f"name: {{a: b}}\n{ENTRY}", ":1:7: expected text, found a mapping"),
    (f"name: x\nneeds: node\n{ENTRY}", ":2:8: expected a list, found a text; write [one, another]"),
    (f"name: x\nkind: longlived\n{ENTRY}", ':2:7: expected one of long-lived, one-shot, plain, found "longlived"; did'),
    (f"name: x\ncapabilities: [tool]\n{ENTRY}", 'found "tool"; did you mean "tools"?'),
    ("name: x\nentries: {}\n", ":2:10: expected an entry, found none; write NAME: {command: [...]}"),
    ("name: x\nentries: {a: {env: {}}}\n", ":2:14: expected the key command in the entry a, found env"),
    ("name: x\nentries: {a: {command: []}}\n", ":2:24: expected a command, found none"),
    ('name: x\nentries: {a: {command: "node \'x"}}\n', "(No closing quotation); write a list of words"),
    ("name: x\nentries: {a: {command: x, evn: {}}}\n", ':2:27: unknown key "evn"; did you mean "env"?'),
    ("name: x\nentries: [a]\n", ":2:10: expected a mapping, found a list"),
    (f"name: &a [*a]\n{ENTRY}", ":1:7: expected text, found a list"),
    ("name: \x00\n", ": expected YAML: "),
]


@pytest.mark.parametrize(("text", "words"), FAULTS, ids=[repr(row[0])[:40] for row in FAULTS])
def test_a_fault_in_a_file_is_told_with_its_place(tmp_path: Path, text: str, words: str) -> None:
    file = write(tmp_path, text)
    with pytest.raises(ClientFileError) as caught:
        load_client_file(file)
    assert str(caught.value).startswith(str(file))
    assert words in str(caught.value)


def test_a_file_that_is_no_text_is_told(tmp_path: Path) -> None:
    file = write(tmp_path)
    file.write_bytes(b"name: \xff")
    with pytest.raises(ClientFileError, match="expected UTF-8, found an invalid byte at 6"):
        load_client_file(file)


@pytest.mark.parametrize(
    "name", ["mine", "mine:chat", "clients/mine", "clients/mine:chat", "clients/mine/client.yaml", "./clients/mine"]
)
def test_a_client_is_found_by_name_path_and_entry(tmp_path: Path, name: str) -> None:
    write(tmp_path / "clients" / "mine")
    assert find_client(name, tmp_path).label == "mine:chat"
    assert find_client("mine:text", tmp_path).label == "mine:text"
    assert find_client(str(tmp_path / "clients" / "mine"), tmp_path / "elsewhere").label == "mine:chat"


@pytest.mark.parametrize("name", ["reference", "naive"])
def test_our_own_clients_are_found_everywhere(tmp_path: Path, name: str) -> None:
    spec = find_client(name, tmp_path)
    assert spec.command == (sys.executable, "-m", f"streamproof.subjects.{name}")
    assert spec.label == name


def test_a_client_that_is_not_there_is_told_with_what_is(tmp_path: Path) -> None:
    write(tmp_path / "clients" / "mine")
    assert gallery(tmp_path) == ("reference", "naive", "mine")
    for name, words in [
        ("mien", 'found none named mien; did you mean "mine"?'),
        ("zzz", "found none named zzz; known are reference, naive, mine"),
        ("mine:chatt", "expected an entry of the client mine, found none named chatt; it has chat, text"),
        ("naive:x", "it has one only, without a name"),
        ("", "expected a client"),
    ]:
        with pytest.raises(ClientNotFound) as caught:
            find_client(name, tmp_path)
        assert words in str(caught.value)
    (tmp_path / "script.py").write_text("")
    with pytest.raises(ClientFileError, match="a command to run comes after --"):
        find_client("script.py", tmp_path)


@pytest.mark.parametrize(
    ("command", "name"),
    [
        (["/usr/bin/python3", "-u", "clients/mine.py", "{base_url}"], "python3 mine.py"),
        (["node"], "node"),
        (["./run", "--url", "{url}"], "run"),
    ],
)
def test_a_command_has_a_name_for_the_report(command: list[str], name: str) -> None:
    assert command_client(command).name == name


@pytest.mark.parametrize(
    ("need", "reason"),
    [
        ("teller", None),
        ("mute", None),
        ("teller>=20.9", None),
        ("teller>=20.10.1", None),
        ("teller >= 20", None),
        ("teller<21", None),
        ("teller==20", None),
        ("teller>=20.11", "needs teller>=20.11, found teller 20.10.1"),
        ("teller<20.10", "needs teller<20.10, found teller 20.10.1"),
        ("teller==20.1", "needs teller==20.1, found teller 20.10.1"),
        ("no-such-program", "no-such-program is not on the PATH"),
        ("no-such-program>=2", "no-such-program is not on the PATH"),
        ("mute>=1.2", "needs mute>=1.2, and mute does not tell its version"),
        ("node >> 3", "its need 'node >> 3' is not understood; write `node` or `node>=20`"),
    ],
)
async def test_needs_are_looked_up(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, need: str, reason: str | None
) -> None:
    for name, line in (("teller", "echo teller v20.10.1 of 2026"), ("mute", "exit 2")):
        (tmp_path / name).write_text(f"#!/bin/sh\n{line}\n")
        (tmp_path / name).chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    found = await find_missing(ClientSpec(name="x", command=("x",), needs=("teller", need)))
    if reason is None:
        assert found is None
    else:
        assert found is not None
        assert found.reason.startswith(reason)


async def test_a_client_whose_setup_was_not_run_is_told(tmp_path: Path) -> None:
    spec = ClientSpec(name="x", command=(".venv/bin/python", "a.py"), cwd=str(tmp_path), setup=(("true",),))
    found = await find_missing(spec)
    assert found is not None
    assert found.reason == "not set up yet, .venv/bin/python is missing; run `streamproof clients setup x`"
    (tmp_path / ".venv/bin").mkdir(parents=True)
    (tmp_path / ".venv/bin/python").touch()
    assert await find_missing(spec) is None


def test_the_environment_is_made_for_one_address() -> None:
    inherited = {
        "PATH": "/bin", "https_proxy": "p", "HTTP_PROXY": "p", "ALL_PROXY": "p", "NO_PROXY": "x",
        "OPENAI_API_KEY": "mine", "HF_TOKEN": "mine", "DB_PASSWORD": "mine",
        "MY_OWN_API_KEY": "mine", "ANTHROPIC_BASE_URL": "https://paid",
    }  # fmt: skip
    made = environment(
        {"EXTRA": "1"}, dialect="anthropic-messages", base_url="http://h/r/1", api_key="k", inherited=inherited
    )
    assert "mine" not in made.values()
    assert "p" not in made.values()
    assert made["NO_PROXY"] == made["no_proxy"] == "127.0.0.1,localhost,::1"
    assert (made["ANTHROPIC_BASE_URL"], made["ANTHROPIC_API_KEY"]) == ("http://h/r/1", "k")
    assert made["OPENAI_BASE_URL"] == "http://127.0.0.1:9"
    assert (made["PATH"], made["EXTRA"], made["PYTHONUNBUFFERED"]) == ("/bin", "1", "1")
    assert "SSL_CERT_FILE" not in made
    trusting = environment({}, ca_file="/ca.pem", inherited={})
    assert {trusting[name] for name in ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "NODE_EXTRA_CA_CERTS")} == {"/ca.pem"}


def test_what_a_client_sets_itself_wins() -> None:
    assert environment({"OPENAI_BASE_URL": "x"}, inherited={})["OPENAI_BASE_URL"] == "x"


def test_every_address_variable_belongs_to_a_dialect() -> None:
    assert all(BASE_URLS.values())
