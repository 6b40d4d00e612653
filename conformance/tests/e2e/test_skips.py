"""In CI a test that is skipped has failed: only what is made for another system may be left out there."""

from __future__ import annotations

from pathlib import Path

import pytest

pytest_plugins = ["pytester"]

CONFTEST = (Path(__file__).parents[3] / "conftest.py").read_text("utf-8")

TESTS = """
import sys
import pytest

def test_passes(): pass

@pytest.mark.skip(reason="by a mark")
def test_mark(): pass

@pytest.mark.skipif(True, reason="the kernel is asked on Linux only")
def test_system(): pass

def test_inside():
    pytest.importorskip("no_such_module_here", reason="not installed")

@pytest.fixture
def lacking():
    pytest.skip("by a fixture")

def test_fixture(lacking): pass

@pytest.mark.xfail(reason="known", strict=True)
def test_known(): assert 0
"""
MODULE = 'import pytest\npytest.importorskip("no_such_module_here")\ndef test_it(): pass\n'


def run(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, text: str, *words: str, ci: str | None, platform: str
) -> pytest.RunResult:
    """Runs the tests as if on another system, or as if in CI."""
    pytester.makeconftest(CONFTEST.replace("sys.platform", repr(platform)))
    pytester.makepyfile(text)
    if ci is None:
        monkeypatch.delenv("CI", raising=False)
    else:
        monkeypatch.setenv("CI", ci)
    return pytester.runpytest_inprocess("-p", "no:cacheprovider", *words)


@pytest.mark.parametrize(
    ("ci", "platform", "outcomes"),
    [
        (None, "linux", {"passed": 1, "xfailed": 1, "skipped": 4}),
        ("", "linux", {"passed": 1, "xfailed": 1, "skipped": 4}),
        ("true", "linux", {"passed": 1, "xfailed": 1, "failed": 1, "errors": 3}),
        ("true", "darwin", {"passed": 1, "xfailed": 1, "failed": 1, "errors": 2, "skipped": 1}),
    ],
    ids=["on a user's machine", "where CI is empty", "in CI", "in CI on another system"],
)
def test_a_skip_counts(
    pytester: pytest.Pytester,
    monkeypatch: pytest.MonkeyPatch,
    ci: str | None,
    platform: str,
    outcomes: dict[str, int],
) -> None:
    done = run(pytester, monkeypatch, TESTS, ci=ci, platform=platform)
    done.assert_outcomes(**outcomes)
    if ci:
        done.stdout.fnmatch_lines(["*test_a_skip_counts.py:*: Skipped: by a fixture", "CI skips nothing: *"])


@pytest.mark.parametrize("words", [(), ("-n", "1")], ids=["in one process", "in many"])
@pytest.mark.parametrize(("ci", "outcome"), [(None, "skipped"), ("true", "errors")])
def test_a_module_that_is_skipped_counts(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, ci: str | None, outcome: str, words: tuple[str, ...]
) -> None:
    done = run(pytester, monkeypatch, MODULE, *words, ci=ci, platform="linux")
    done.assert_outcomes(**{outcome: 1})
    assert done.ret != 0 or ci is None
