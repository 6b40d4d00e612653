"""Every form in which a run can be written: name to writer."""

from __future__ import annotations

import io
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

import attrs

from streamproof_reports.annotations import annotation_lines
from streamproof_reports.badge import badge
from streamproof_reports.console import ConsoleReporter, make_console, replay_console
from streamproof_reports.document import Run
from streamproof_reports.failure import DescribeRule, no_rules
from streamproof_reports.html import html_page
from streamproof_reports.jsonl import dump
from streamproof_reports.junit import junit
from streamproof_reports.markdown import markdown
from streamproof_reports.plain import json_text
from streamproof_reports.summary import check_json


class UnknownFormatError(ValueError):
    """No such format: the text names those there are."""


@attrs.frozen(kw_only=True)
class Format:
    """One form of a report."""

    name: str
    about: str
    file: str
    """Its usual file name in the folder of reports."""
    render: Callable[[Run, DescribeRule], bytes]


def _json(value: Any) -> bytes:
    return json_text(value, indent=2).encode() + b"\n"


def _console(run: Run, describe: DescribeRule) -> bytes:
    stream = io.StringIO()
    replay_console(run, ConsoleReporter(make_console(stream, "never"), describe_rule=describe, clock=lambda: 0.0))
    return stream.getvalue().encode()


FORMATS: Final[Mapping[str, Format]] = MappingProxyType(
    {
        form.name: form
        for form in (
            Format(name="console", about="as on the screen, without colour", file="run.txt", render=_console),
            Format(
                name="jsonl",
                about="the result document: all else is written from it",
                file="run.jsonl",
                render=lambda run, _: dump(run),
            ),
            Format(name="junit", about="JUnit XML for CI systems", file="junit.xml", render=junit),
            Format(
                name="html",
                about="one page that needs no network",
                file="index.html",
                render=lambda run, describe: html_page(run, describe).encode(),
            ),
            Format(
                name="markdown",
                about="for the summary of a CI job",
                file="summary.md",
                render=lambda run, describe: markdown(run, describe).encode(),
            ),
            Format(
                name="badge",
                about="JSON for a shields endpoint badge",
                file="badge.json",
                render=lambda run, _: _json(badge(run)),
            ),
            Format(
                name="annotations",
                about="workflow commands of GitHub",
                file="annotations.txt",
                render=lambda run, _: annotation_lines(run).encode(),
            ),
            Format(
                name="json",
                about="what `check --format json` prints",
                file="run.json",
                render=lambda run, _: _json(check_json(run)),
            ),
        )
    }
)


def render(run: Run, name: str, describe: DescribeRule = no_rules) -> bytes:
    """The run in the form of this name.  Raises `UnknownFormatError`."""
    form = FORMATS.get(name)
    if form is None:
        raise UnknownFormatError(f"expected a format, one of {' '.join(FORMATS)}, found {name!r}")
    return form.render(run, describe)


def write(run: Run, name: str, path: Path, describe: DescribeRule = no_rules) -> Path:
    """Writes the run to `path`, or under its usual name where `path` is a folder; returns where it stands.

    The file appears whole or not at all.  Raises `UnknownFormatError` and `OSError`.
    """
    content = render(run, name, describe)
    target = path / FORMATS[name].file if path.is_dir() else path
    if target.exists() and not target.is_file():
        # A pipe or a terminal: it cannot be replaced.
        target.write_bytes(content)
        return target
    target.parent.mkdir(parents=True, exist_ok=True)
    half = target.with_name(f".{target.name}.{os.getpid()}.part")
    try:
        half.write_bytes(content)
        half.replace(target)
    finally:
        half.unlink(missing_ok=True)
    return target
