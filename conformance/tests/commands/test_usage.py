"""Help and mistakes: every command explains itself, every mistake gets words, a place, a fix and its exit code."""

from __future__ import annotations

import json
import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import click
import pytest

from streamproof.commands.group import cli
from streamproof_scenarios.compiler import case_hash

Call = Callable[..., Any]


def commands(group: click.Group = cli, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    """Every command with its words, groups included."""
    yield path, group
    with click.Context(group) as context:
        for name in group.list_commands(context):
            command = group.get_command(context, name)
            assert command is not None
            if isinstance(command, click.Group):
                yield from commands(command, (*path, name))
            else:
                yield (*path, name), command


COMMANDS = dict(commands())


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_help_of(words: tuple[str, ...], call: Call) -> None:
    found = call(*words, "--help")
    assert found.code == 0
    assert found.out.startswith(f"Usage: {' '.join(('streamproof', *words))}")
    assert len(found.out.splitlines()) > 5


BARE = {("inspect",): ["output"], ("clients", "results"): ["output"]}
"""Options whose names say all."""


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_every_option_has_help_in(words: tuple[str, ...]) -> None:
    options = [item for item in COMMANDS[words].params if isinstance(item, click.Option)]
    assert [item.name for item in options if not item.help and item.name not in BARE.get(words, ())] == []


def test_exit_codes_stand_in_the_help(call: Call) -> None:
    out = " ".join(call("--help").out.split())
    assert "0 conforms, 1 does not, 2 usage" in out


def test_version(call: Call) -> None:
    assert call("--version").out.startswith("streamproof, version ")


GOOD = "title: t\ndialect: openai-chat\nstream: {steps: [role: assistant, text: Hi, finish: stop, done]}\n"

FILES = {
    "own/wrong-key.yaml": GOOD.replace("stream:", "strem:"),
    "own/list.yaml": GOOD + "about: [a, b]\n",
    "own/rule.yaml": GOOD + "breaks: [OC-9999]\n",
    "own/yaml.yaml": "title: t\n  dialect: {\n",
    "own/done.yaml": "title: t\ndialect: openai-chat\nstream: {steps: [data: [DONE]]}\n",
}

MISTAKES: dict[str, tuple[tuple[str, ...], int, list[str]]] = {
    "an unknown command": (("lst",), 2, ["No such command 'lst'", "Did you mean 'list'?"]),
    "an unknown check": (("check", "clients"), 2, ["Did you mean 'client'?"]),
    "an unknown option": (("list", "--selct", "x"), 2, ["No such option", "--select"]),
    "no client": (("check", "client"), 2, ["expected one client, found none", "--client NAME"]),
    "two clients": (("check", "client", "--client", "naive", "--", "x"), 2, ["found several"]),
    "a client that is not there": (("check", "client", "--client", "referense"), 2, ["none named referense", "reference"]),
    "a program that is not there": (("check", "client", "--", "no-such-program"), 3, ["no-such-program", "install it"]),
    "a program that says nothing": (("check", "client", "--", "true"), 3, ["to answer hello"]),
    "plain without a command": (("check", "client", "--plain", "--client", "naive"), 2, ["need a command behind `--`"]),
    "plain and one-shot": (("check", "client", "--plain", "--one-shot", "--", "true"), 2, ["contradict each other"]),
    "capabilities of an adapter": (("check", "client", "--capabilities", "tools", "--", "true"), 2, ["says both in its hello"]),
    "an unknown capability": (("check", "client", "--plain", "--capabilities", "tool", "--", "true"), 2, ["did you mean 'tools'?"]),
    "an unknown dialect": (("check", "client", "--plain", "--dialect", "openai", "--", "true"), 2, ["openai-chat"]),
    "nothing selected": (("list", "nothing/here"), 5, ["no scenario matches nothing/here", "hint:"]),
    "one pattern that matches nothing": (("list", "plain/*", "plan/*"), 5, ["no scenario matches plan/*"]),
    "an unknown key of --select": (("list", "--select", "rules:OC-04"), 2, ["expected KEY:VALUE", "rule, force, ref"]),
    "--select without a value": (("list", "--select", "rule"), 2, ["expected KEY:VALUE"]),
    "--select that leaves nothing": (("list", "--select", "rule:OC-9999"), 5, ["no scenario is left"]),
    "a hash that nothing has": (("check", "client", "--client", "naive", "--select", "case:00000000"), 5, ["no case has the hash '00000000'"]),
    "a shard that is none": (("check", "client", "--client", "naive", "--shard", "3/2"), 2, ["expected I/N"]),
    "an empty shard": (("check", "client", "plain/usage", "--client", "naive", "--shard", "2/2"), 5, ["no case is left"]),
    "a delivery that is none": (("check", "client", "--client", "naive", "--delivery", "bytwise"), 2, ["did you mean 'bytewise'?"]),
    "a sweep to show": (("show", "plain/usage", "--delivery", "every-split"), 2, ["a sweep of many plays"]),
    "no last run": (("check", "client", "--client", "naive", "--last-failed"), 2, ["run.jsonl", "run once without it"]),
    "a rule that does not exist": (("explain", "OC-4"), 2, ["found 'OC-4'", "near:"]),
    "no such folder": (("list", "--scenarios", "nowhere"), 2, ["nowhere is no folder"]),
    "-v and -q": (("check", "client", "--client", "naive", "-v", "-q"), 2, ["contradict each other"]),
    "a report that is none": (("check", "client", "--client", "naive", "--report", "pdf"), 2, ["expected one of html"]),
    "a run that is not there": (("report", "nothing.jsonl"), 2, ["nothing.jsonl: a result document was expected"]),
    "a run that is none": (("report", "own/wrong-key.yaml"), 2, ["own/wrong-key.yaml"]),
    "no such list": (("check", "client", "--client", "naive", "--known-failing", "none.txt"), 2, ["none.txt: cannot be read"]),
    "a list that names nothing": (("check", "client", "--client", "naive", "--known-failing", "known.txt"), 2, ["known.txt:2: 'plain/gone' matches no scenario"]),
    "a latency that is none": (("serve", "--latency", "tttf=1s"), 2, ["found 'tttf=1s'; did you mean ttft?"]),
    "chaos that is none": (("serve", "--chaos", "reset=1"), 2, ["reset: expected a share such as 0.5%, found '1'"]),
    "a file of chaos that is not there": (("serve", "--chaos", "none.txt"), 2, ["or a file of them; 'none.txt' cannot be read"]),
    "a file that holds no chaos": (("serve", "--chaos", "known.txt"), 2, ["expected a status such as 429"]),
    "a seed of nothing": (("serve", "--seed", "1"), 2, ["--seed draws nothing here", "--latency or --chaos"]),
    "a folder that is a file": (("check", "client", "plain/usage", "--client", "naive", "--report-dir", "known.txt"), 2, ["known.txt", "--report-dir"]),
}  # fmt: skip


@pytest.mark.parametrize("name", MISTAKES)
def test_mistake(name: str, call: Call, folder: Path) -> None:
    words, code, told = MISTAKES[name]
    (folder / "own").mkdir()
    (folder / "own/wrong-key.yaml").write_text(FILES["own/wrong-key.yaml"])
    (folder / "known.txt").write_text("plain/*\nplain/gone\n")
    found = call(*words)
    assert found.code == code, found
    for text in told:
        assert text in found.err, found.err


SCENARIOS: dict[str, str] = {
    "own/wrong-key.yaml": "3:1: ",
    "own/list.yaml": "4:8: ",
    "own/rule.yaml": "4:10: ",
    "own/yaml.yaml": "2:",
    "own/done.yaml": "3:24: ",
}


@pytest.mark.parametrize("command", ["list", "lint"])
@pytest.mark.parametrize("path", SCENARIOS)
def test_mistake_in_a_scenario_names_file_line_and_column(path: str, command: str, call: Call, folder: Path) -> None:
    (folder / "own").mkdir()
    (folder / path).write_text(FILES[path])
    found = call(command, "--scenarios", "own")
    assert found.code == 2
    assert f"{path}:{SCENARIOS[path]}" in found.err


SETTINGS: dict[str, tuple[str, str]] = {
    "no TOML": ("strict = ", "expected TOML"),
    "an unknown key": ("stict = true", "did you mean 'strict'?"),
    "a wrong type": ("jobs = 'two'", "jobs must be a whole number above 0, found 'two'"),
    "a delivery that is none": ("delivery = ['bytwise']", "did you mean 'bytewise'?"),
    "a version that is none": ("catalogue = 'new'", 'such as "1.0"'),
    "a report that is none": ("report = 'pdf'", "formats of html"),
}


@pytest.mark.parametrize("name", SETTINGS)
def test_mistake_in_settings(name: str, call: Call, folder: Path) -> None:
    text, told = SETTINGS[name]
    (folder / "streamproof.toml").write_text(text)
    found = call("check", "client", "plain/usage", "--client", "naive")
    assert found.code == 2
    assert told in found.err
    assert "streamproof.toml" in found.err


@pytest.mark.parametrize("text", ["[tool]\nstreamproof = 3\n", "[tool.streamproof]\nnope = 1\n"])
def test_mistake_in_a_shared_file_of_settings(text: str, call: Call, folder: Path) -> None:
    (folder / "pyproject.toml").write_text(text)
    found = call("check", "client", "plain/usage", "--client", "naive")
    assert (found.code, "pyproject.toml" in found.err) == (2, True)


def test_settings_of_others_are_left_alone(call: Call, folder: Path) -> None:
    (folder / "pyproject.toml").write_text("[tool.other]\nnope = 1\n")
    assert call("check", "client", "plain/text-in-one-delta", "--client", "reference").code == 0


def test_port_in_use(call: Call) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        found = call("serve", "--port", str(port))
    assert found.code == 2
    assert f"port {port}" in found.err
    assert "choose another port" in found.err


def test_list_as_json(call: Call) -> None:
    rows = json.loads(call("list", "plain/usage", "--format", "json").out)
    assert rows[0] | {"refs": []} == {
        "id": "plain/usage", "title": "Usage in a last chunk without choices", "dialects": ["openai-chat"],
        "force": "documented", "refs": [], "requires": ["usage"], "path": "scenarios/plain/usage.yaml",
    } | {"requires": rows[0]["requires"]}  # fmt: skip


def test_hash_names_the_scenario_in_a_list(call: Call) -> None:
    found = call("list", "--select", f"case:{case_hash('plain/usage', 'bytewise')}")
    assert [line.split()[0] for line in found.out.splitlines()] == ["plain/usage"]
    assert call("list", "--select", "case:00000000").code == 5


def test_show_tells_what_each_step_became(call: Call) -> None:
    out = call("show", "plain/one-tool-call").out
    assert "call_1" in out
    assert "expected   complete (stated in the file)" in out


def test_explain_names_the_scenarios(call: Call) -> None:
    out = call("explain", "oc-04").out
    assert out.startswith("OC-04  MUST")
    assert "transport/clean-close-without-end" in out


@pytest.mark.parametrize("name", ["scenario", "adapter", "run"])
def test_schema_is_json(name: str, call: Call) -> None:
    assert json.loads(call("schema", name).out)["$schema"]
