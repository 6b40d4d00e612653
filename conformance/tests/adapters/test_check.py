"""Trying adapters: the template of the documentation passes, and each way to spoil it is told."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from streamproof.adapters import process
from streamproof.adapters.check import AdapterCheck, check_adapter
from streamproof.adapters.spec import command_client, python_client

from .conftest import ASSETS, broken

TEMPLATE = (ASSETS / "template.py").read_text("utf-8")
DOCUMENT = Path(__file__).parents[3] / "docs" / "adapters.md"

NAMES = [
    "hello", "run", "as it happens", "second run", "client name", "unknown dialect", "stop", "error status", "quiet",
    "bye",
]  # fmt: skip


def failed(checks: list[AdapterCheck]) -> dict[str, str]:
    return {check.name: check.detail for check in checks if not check.ok}


def test_the_template_is_the_one_in_the_documentation() -> None:
    blocks = DOCUMENT.read_text("utf-8").split("```python\n")[1:]
    assert [block.partition("```")[0] for block in blocks] == [TEMPLATE.replace("noqa: BLE001 - ", "")]


async def test_the_template_passes_every_check() -> None:
    checks = await check_adapter(command_client([sys.executable, str(ASSETS / "template.py")]))
    assert failed(checks) == {}
    assert [check.name for check in checks] == NAMES
    details = {check.name: check.detail for check in checks}
    assert details["stop"] == "left after 2 reports"
    assert details["error status"] == "error HTTPError, status 401"


BYE = '    elif message["type"] == "bye":\n        break'
PLAY = "            play(message)"
STOPPED = "stopped = True\n                    break"
SAY = '    OUT.write(json.dumps({"type": type_, **fields}) + "\\n")\n'
LATE = (
    '    CLIENTS.setdefault("held", []).append(json.dumps({"type": type_, **fields}) + "\\n")\n'
    '    OUT.write("" if type_ == "delta" else "".join(CLIENTS.pop("held")))\n'
)
SPOILT = [
    # what is right, what is wrong, the check that fails and what it says
    ('run["base_url"]', '"http://127.0.0.1:9"', "run", "expected a request at the url of the run, found none"),
    ("list(choices.values())", "[]", "run", "expected the text 'Hello' in choices[0] of the result, found None"),
    (SAY, LATE, "as it happens", "flush standard output after each line"),
    ('["index"], text=text)', '["index"], text=[text])', "run", "line 2 of its standard output: text of the message"),
    ('id=run["id"], choices', "id=1, choices", "as it happens", "expected the id 2 in result, found 1"),
    (BYE, "", "bye", "ended only when its input was closed"),
    (BYE, "import time\ntime.sleep(60)", "bye", "not at all, and was killed"),
    (
        STOPPED,
        "pass",
        "stop",
        "expected 2 reports and stopped: true after stop {after: 2}, found 10 and stopped: False",
    ),
    ('error["status"] = raised.code', "pass", "error status", "expected status 401 in error, since hello says"),
    (PLAY, f"{PLAY}\n            print('done', file=OUT, flush=True)", None, 'found "done"'),
    (PLAY, f"{PLAY}\n            break", "second run", "until bye"),
    ('dialects=["openai-chat"]', 'dialects=["openai_chat"]', "hello", 'no dialect; did you mean "openai-chat"'),
    ('"error_status", ', '"errors", ', "hello", "capabilities[2] of the message hello: expected one of"),
    ("class MyClient", "import no_such_library\nclass MyClient", "hello", "No module named 'no_such_library'"),
    ('elif message["type"] == "run"', 'elif message["type"] == "ran"', "run", "no result within 1 s"),
]


@pytest.mark.parametrize(("good", "bad", "name", "text"), SPOILT, ids=[f"{row[2]}: {row[3]}"[:50] for row in SPOILT])
async def test_a_spoilt_template_is_told_what_is_wrong(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, good: str, bad: str, name: str | None, text: str
) -> None:
    monkeypatch.setattr(process, "BYE_TIMEOUT_S", 0.4)
    assert good in TEMPLATE
    file = tmp_path / "adapter.py"
    file.write_text(TEMPLATE.replace(good, bad), "utf-8")
    # A second is too short for nothing but the adapter that never answers.
    run_timeout_s = 1 if "no result" in text else 20
    found = failed(await check_adapter(command_client([sys.executable, str(file)]), run_timeout_s=run_timeout_s))
    assert found
    if name is None:
        assert any(text in detail for detail in found.values())
    else:
        assert text in found[name]


async def test_an_adapter_that_does_not_greet_is_told_once() -> None:
    (check,) = await check_adapter(broken("nonsense"))
    assert (check.name, check.ok) == ("hello", False)
    assert 'line 1 of its standard output: expected a message, a JSON object, found "Loading model..."' in check.detail


async def test_functions_and_plain_scripts_are_tried_as_far_as_they_go(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(ASSETS)
    checks = await check_adapter(python_client("functions:chat"))
    assert failed(checks) == {}
    assert [check.name for check in checks] == NAMES
    script = [
        sys.executable,
        "-c",
        "import functions, sys\nfor t in functions.chat_at(sys.argv[1]): print(t, end='')",
        "{url}",
    ]
    spec = command_client(script, "plain")
    monkeypatch.setenv("PYTHONPATH", str(ASSETS))
    plain = await check_adapter(spec)
    assert failed(plain) == {}
    assert [check.name for check in plain] == ["hello", "run", "as it happens", "error status"]
