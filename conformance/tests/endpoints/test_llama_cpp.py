"""The prober against a server that nobody here wrote: llama.cpp's own, with a tiny random model."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from streamproof.probing.call import Endpoint
from streamproof.probing.prober import Prober
from streamproof.probing.probes import Asking, plan_of
from streamproof_reports.document import CaseResult

pytestmark = pytest.mark.clients

HERE = Path(__file__).parent
NEEDS = ("xllamacpp", "gguf", "numpy")
KEY = "sk-llama-0123456789"

KNOWN = {"OC-08", "OC-18", "OC-27", "OC-37c", "SSE-42"}
"""What it breaks, looked at by hand: docs/endpoints.md says how."""


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    missing = [name for name in NEEDS if importlib.util.find_spec(name) is None]
    if missing:
        pytest.skip(f"not installed: {', '.join(missing)} (pip install xllamacpp gguf)")
    folder = tmp_path_factory.mktemp("models")
    paths = {"text": folder / "text.gguf", "tools": folder / "tools.gguf"}
    for name, path in paths.items():
        more = ["--tools"] if name == "tools" else []
        subprocess.run([sys.executable, HERE / "tiny_model.py", path, *more], check=True)
    return paths


@contextmanager
def serving(model: Path, key: str | None = None) -> Iterator[str]:
    """Runs the server; gives its origin."""
    environment = {**os.environ, "LLAMA_KEY": key or ""}
    with subprocess.Popen(
        [sys.executable, HERE / "llama_server.py", model],
        env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
    ) as process:  # fmt: skip
        try:
            assert process.stdout is not None
            origin = process.stdout.readline().strip()
            assert origin.startswith("http://127.0.0.1:")
            yield origin
        finally:
            process.kill()


async def probed(origin: str, *, key: str | None = None, profile: str = "strict") -> dict[str, CaseResult]:
    results: list[CaseResult] = []
    prober = Prober(
        endpoint=Endpoint(url=f"{origin}/v1/chat/completions", key=key),
        dialect="openai-chat",
        asking=Asking(model="tiny"),
        probes=plan_of("openai-chat"),
        profile=profile,
    )
    await prober.run(results.append)
    return {result.probe or "": result for result in results}


def rules(result: CaseResult) -> set[str]:
    return {finding.rule or "" for finding in result.findings}


@pytest.mark.parametrize("model", ["text", "tools"])
@pytest.mark.parametrize("profile", ["strict", "llama-cpp"])
async def test_its_findings_are_those_that_are_known(models: dict[str, Path], model: str, profile: str) -> None:
    with serving(models[model], KEY) as origin:
        results = await probed(origin, key=KEY, profile=profile)
    assert len(results) == len(plan_of("openai-chat"))
    assert {name for name, result in results.items() if result.verdict == "harness_error"} == set()
    found = {name: rules(result) for name, result in results.items()}
    assert set().union(*found.values()) <= (KNOWN if profile == "strict" else KNOWN - {"OC-08"})
    for name in ("usage", "one-token"):
        assert "OC-27" in found[name]
    for name in ("broken-json", "no-messages", "wrong-key"):
        assert results[name].verdict == "pass"
    # The model may have nothing to say, and then its answer is over before it can be left.
    assert results["early-abort"].verdict in {"pass", "skip"}
    # The model with tools is led to a call where one is required; the other has no room for one.  A second may begin
    # anywhere, and created changes with it.
    timeless = {name: found[name] - {"OC-08"} for name in ("two-choices", "required-tool")}
    assert timeless["two-choices"] <= {"OC-18", "SSE-42"}
    assert timeless["required-tool"] <= {"SSE-42"}
    if "OC-08" not in found["required-tool"]:
        assert (results["required-tool"].verdict == "skip") == (model == "text")


async def test_without_its_key_nothing_is_judged(models: dict[str, Path]) -> None:
    with serving(models["text"], KEY) as origin:
        results = await probed(origin)
    assert list(results) == ["plain"]
    assert results["plain"].verdict == "harness_error"
    assert "refused with status 401" in (results["plain"].reason or "")
    assert KEY not in repr(results)


async def test_a_server_without_keys_takes_any(models: dict[str, Path]) -> None:
    with serving(models["text"]) as origin:
        results = await probed(origin, key=KEY)
    assert results["wrong-key"].verdict == "skip"
    assert "takes any key" in (results["wrong-key"].reason or "")
