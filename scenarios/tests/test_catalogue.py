"""The catalogue: folders of files in, scenarios by id, pattern, path and hash out."""

from __future__ import annotations

from pathlib import Path

import pytest

from streamproof_scenarios.catalogue import Catalogue, is_newer, our_folder, pattern_of
from streamproof_scenarios.compiler import case_hash, plays
from streamproof_scenarios.loader import load, loads
from streamproof_scenarios.problem import NotPlayable, ScenarioError

FILES = {
    "framing/utf8.yaml": "dialect: [openai-chat, workers-ai]\nstream: {steps: [text: a]}\n",
    "framing/deep/cuts.yml": "dialect: openai-chat\nvary: {end: [fin, reset]}\nstream: {steps: [text: a]}\n",
    "framing-more/x.yaml": "dialect: openai-chat\nstream: {steps: [text: a]}\ndeliveries: ['size:13']\n",
    "errors/429.yaml": "dialect: openai-chat\nstream: {status: 429, steps: [error: {}]}\n",
    "errors/notes.txt": "no scenario",
    "errors/.hidden.yaml": "no scenario",
}


def write(folder: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return folder


@pytest.fixture
def catalogue(tmp_path: Path) -> Catalogue:
    return Catalogue.load(write(tmp_path, FILES), ours=False)


def test_scenarios_are_sorted_by_id_which_is_the_path(catalogue: Catalogue) -> None:
    assert [scenario.id for scenario in catalogue] == [
        "errors/429",
        "framing-more/x",
        "framing/deep/cuts",
        "framing/utf8",
    ]
    assert len(catalogue) == 4


def test_a_scenario_and_a_case_are_found_by_id(catalogue: Catalogue) -> None:
    scenario = catalogue.by_id("framing/utf8")
    assert scenario is not None
    assert scenario.path.endswith("framing/utf8.yaml")
    assert catalogue.by_id("framing") is None
    case = catalogue.case("framing/deep/cuts[end=reset]")
    assert case is not None
    assert case.answers[0].end.kind == "reset"


PATTERNS = {
    (): ["errors/429", "framing-more/x", "framing/deep/cuts", "framing/utf8"],
    ("framing",): ["framing/deep/cuts", "framing/utf8"],
    ("framing/",): ["framing/deep/cuts", "framing/utf8"],
    ("framing/utf8",): ["framing/utf8"],
    ("framing/*",): ["framing/utf8"],
    ("framing*/*",): ["framing-more/x", "framing/utf8"],
    ("framing/**",): ["framing/deep/cuts", "framing/utf8"],
    ("**/cuts",): ["framing/deep/cuts"],
    ("**/utf8",): ["framing/utf8"],
    ("framing/**/utf8",): ["framing/utf8"],
    ("**",): ["errors/429", "framing-more/x", "framing/deep/cuts", "framing/utf8"],
    ("*",): [],
    ("errors", "**/x"): ["errors/429", "framing-more/x"],
    ("utf8",): [],
    ("framing/utf",): [],
    ("errors/4.9",): [],
}


@pytest.mark.parametrize(("patterns", "ids"), PATTERNS.items(), ids=[" ".join(key) or "none" for key in PATTERNS])
def test_patterns_match_whole_segments(catalogue: Catalogue, patterns: tuple[str, ...], ids: list[str]) -> None:
    assert [scenario.id for scenario in catalogue.match(patterns)] == ids


def test_a_pattern_is_told_from_a_folder_name() -> None:
    assert pattern_of("a/b").fullmatch("a/b/c")
    assert not pattern_of("a/*").fullmatch("a/b/c")


PATHS = {
    "framing/utf8/v1/chat/completions": ("framing/utf8", 2, None, "v1/chat/completions"),
    "framing/utf8": ("framing/utf8", 2, None, ""),
    "/framing/utf8@workers-ai/x": ("framing/utf8", 1, None, "x"),
    "framing/deep/cuts[end=fin]/v1": ("framing/deep/cuts", 1, None, "v1"),
    f"{case_hash('errors/429', 'bytewise')}/v1": ("errors/429", 1, "bytewise", "v1"),
    case_hash("framing/utf8@openai-chat", "every-split"): ("framing/utf8", 1, "every-split", ""),
    case_hash("framing-more/x", "size:13"): ("framing-more/x", 1, "size:13", ""),
}


@pytest.mark.parametrize(("path", "found"), PATHS.items(), ids=PATHS.keys())
def test_a_path_names_a_scenario_a_case_or_a_play(
    catalogue: Catalogue, path: str, found: tuple[str, int, str | None, str]
) -> None:
    result = catalogue.find(path)
    assert result is not None
    assert (result.scenario.id, len(result.cases), result.delivery, result.rest) == found


@pytest.mark.parametrize("path", ["", "framing", "framing/utf", "nothing/v1", "0badc0de", "v1/chat/completions"])
def test_a_path_may_name_nothing(catalogue: Catalogue, path: str) -> None:
    assert catalogue.find(path) is None


def test_the_longest_id_counts(tmp_path: Path) -> None:
    catalogue = Catalogue.load(
        write(tmp_path, {"a.yaml": FILES["errors/429.yaml"], "a/b.yaml": FILES["errors/429.yaml"]}), ours=False
    )
    found = catalogue.find("a/b/c")
    assert found is not None
    assert (found.scenario.id, found.rest) == ("a/b", "c")


def test_broken_files_are_told_together(tmp_path: Path) -> None:
    write(tmp_path, {**FILES, "b.yaml": "dialect: x\nstream: {}\n", "a.yaml": "a: ["})
    with pytest.raises(ScenarioError) as caught:
        Catalogue.load(tmp_path, ours=False)
    assert [Path(problem.path).name for problem in caught.value.problems] == ["a.yaml", "b.yaml", "b.yaml"]


def test_a_folder_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(ScenarioError, match="must be a folder of scenarios, found none"):
        Catalogue.load(tmp_path / "none", ours=False)


def test_two_files_with_one_id_are_told(tmp_path: Path) -> None:
    write(tmp_path, {"a.yaml": FILES["errors/429.yaml"], "a.yml": FILES["errors/429.yaml"]})
    with pytest.raises(ScenarioError, match=r"a\.yml: has the id of .*a\.yaml; rename one of them"):
        Catalogue.load(tmp_path, ours=False)


def test_an_id_is_given_once(tmp_path: Path) -> None:
    first = write(tmp_path / "first", FILES)
    second = write(tmp_path / "second", {"errors/429.yaml": FILES["errors/429.yaml"]})
    with pytest.raises(ScenarioError) as error:
        Catalogue.load(first, second, ours=False)
    assert str(error.value) == (f"{second}/errors/429.yaml: has the id of {first}/errors/429.yaml; rename one of them")
    ours = write(tmp_path / "ours", {"plain/usage.yaml": FILES["errors/429.yaml"]})
    with pytest.raises(ScenarioError, match=r"plain/usage\.yaml: has the id of scenarios/plain/usage\.yaml; rename"):
        Catalogue.load(ours)


def test_a_folder_that_is_named_twice_is_read_once(tmp_path: Path) -> None:
    folder = write(tmp_path / "own", FILES)
    assert len(Catalogue.load(folder, folder / ".", ours=False)) == len(Catalogue.load(folder, ours=False))


def test_a_file_step_reads_in_its_own_folder_only(tmp_path: Path) -> None:
    text = "dialect: openai-chat\nstream: {steps: [file: %s]}\n"
    write(tmp_path, {"secret.txt": "secret", "in/capture.bin": "bytes", "in/good.yaml": text % "capture.bin"})
    (tmp_path / "in" / "link.bin").symlink_to(tmp_path / "secret.txt")
    assert load(tmp_path / "in" / "good.yaml").answers[0].steps[0].value == b"bytes"  # type: ignore[union-attr]
    for name in ("../secret.txt", "link.bin", str(tmp_path / "secret.txt")):
        path = write(tmp_path, {"in/bad.yaml": text % name}) / "in" / "bad.yaml"
        with pytest.raises(ScenarioError, match="it lies outside of the folder"):
            load(path)
    with pytest.raises(ScenarioError, match="No such file"):
        load(write(tmp_path, {"in/bad.yaml": text % "none.bin"}) / "in" / "bad.yaml")


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(ScenarioError, match=r"none\.yaml: cannot be read: No such file or directory"):
        load(tmp_path / "none.yaml")


SINCE = {
    ("1.0", "1.0"): False,
    ("1.1", "1.0"): True,
    ("1.10", "1.9"): True,
    ("2", "10.0"): False,
    ("1.0.0", "1"): False,
}


@pytest.mark.parametrize(("versions", "newer"), SINCE.items(), ids=[" ".join(key) for key in SINCE])
def test_a_scenario_is_newer_than_the_set_a_user_has_pinned(versions: tuple[str, str], newer: bool) -> None:
    text = f"dialect: gemini\nsince: '{versions[0]}'\nstream: {{steps: []}}\n"
    assert is_newer(loads(text, path="f.yaml", id="a"), versions[1]) is newer


def test_our_own_scenarios_load_and_each_case_compiles() -> None:
    catalogue = Catalogue.load()
    assert [scenario.id for scenario in catalogue] == sorted(
        path.relative_to(our_folder()).with_suffix("").as_posix() for path in our_folder().rglob("*.yaml")
    )
    assert len({case.id for case in catalogue.cases}) == len(catalogue.cases)
    for case in catalogue.cases:
        try:
            assert next(plays(case)).case == case.id
        except NotPlayable as reason:
            assert "does not speak" in str(reason)  # noqa: PT017


def test_editors_find_the_schema_from_each_of_our_scenarios() -> None:
    schema = (our_folder().parent / "schema" / "scenario.schema.json").resolve()
    start = "# yaml-language-server: $schema="
    for path in our_folder().rglob("*.yaml"):
        first = path.read_text(encoding="utf-8").splitlines()[0]
        assert first.startswith(start), path
        assert (path.parent / first.removeprefix(start)).resolve() == schema, path
