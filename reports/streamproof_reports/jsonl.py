"""The result document as JSON lines: a header, a line per case, a footer.  Append-only and flushed line by line."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO, Final, Self, TypeVar

import attrs

from streamproof_reports.document import VERDICTS, CaseFinding, CaseResult, Footer, Header, Run, WireEvent
from streamproof_reports.plain import json_text, plain
from streamproof_reports.summary import verdict_counts
from streamproof_reports.text import quoted, shorten

FORMAT: Final = 1
"""Number of the format that is written."""

_LARGEST: Final = 1e15
"""No time in a report is as large; what is larger (or no number) came about by a fault."""

_T = TypeVar("_T", Header, CaseResult, CaseFinding, WireEvent, Footer)


class DocumentError(ValueError):
    """The file is not a result document: the text says what was expected, what was found, where, and the fix."""


# --- Writing


_NAMES: Final[dict[type, tuple[str, ...]]] = {
    cls: tuple(field.name for field in attrs.fields(cls))
    for cls in (Header, CaseResult, CaseFinding, WireEvent, Footer)
}


def _fields(value: Header | CaseResult | CaseFinding | WireEvent | Footer) -> dict[str, Any]:
    return {name: getattr(value, name) for name in _NAMES[type(value)]}


def _told(value: CaseResult | CaseFinding) -> dict[str, Any]:
    # A client may hand out what is nested so deeply that it can be written but not read again.
    return {"expected": plain(value.expected), "actual": plain(value.actual)}


def _line(kind: str, value: Header | CaseResult | Footer) -> bytes:
    record: dict[str, Any] = {"type": kind, **_fields(value)}
    if isinstance(value, CaseResult):
        record |= _told(value)
        record["findings"] = [_fields(finding) | _told(finding) for finding in value.findings]
        record["timeline"] = [_fields(event) for event in value.timeline]
    return json_text(record).encode() + b"\n"


def dump(run: Run) -> bytes:
    """The whole document of a run; without a footer where the run has none."""
    lines = [_line("header", run.header), *(_line("case", case) for case in run.cases)]
    if run.footer is not None:
        lines.append(_line("footer", run.footer))
    return b"".join(lines)


class JsonlWriter:
    """Writes each line as it comes, whole and at once, so that a kill at any moment leaves a readable file."""

    def __init__(self, file: BinaryIO) -> None:
        """`file` is binary; it is flushed after each line and left open by `finished`."""
        self._file = file

    @classmethod
    def create(cls, path: Path) -> Self:
        """Begins a new file, its folders with it; an older file of this name is replaced."""
        path.parent.mkdir(parents=True, exist_ok=True)
        return cls(path.open("wb"))

    def _write(self, line: bytes) -> None:
        self._file.write(line)
        self._file.flush()

    def started(self, header: Header) -> None:
        """Writes the first line."""
        self._write(_line("header", header))

    def case(self, result: CaseResult) -> None:
        """Writes one case."""
        self._write(_line("case", result))

    def finished(self, footer: Footer, cases: Sequence[CaseResult] = ()) -> None:  # noqa: ARG002 (they are written)
        """Writes the last line."""
        self._write(_line("footer", footer))

    def close(self) -> None:
        """Closes the file."""
        self._file.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


# --- Reading


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


def _is_whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < _LARGEST


def _is_counts(value: Any) -> bool:
    return isinstance(value, dict) and all(_is_whole(number) for number in value.values())


def _is_texts(value: Any) -> bool:
    return isinstance(value, list) and all(_is_text(item) for item in value)


def _is_objects(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(item, dict) for item in value)


def _or_null(holds: Callable[[Any], bool]) -> Callable[[Any], bool]:
    return lambda value: value is None or holds(value)


_SHAPES: Final[dict[str, tuple[str, Callable[[Any], bool]]]] = {
    "str": ("text", _is_text),
    "str | None": ("text or null", _or_null(_is_text)),
    "int": ("a whole number", _is_whole),
    "int | None": ("a whole number or null", _or_null(_is_whole)),
    "float": ("a number", _is_number),
    "bool": ("true or false", lambda value: isinstance(value, bool)),
    "Any": ("anything", lambda _: True),
    "Verdict": ("one of " + " ".join(VERDICTS), lambda value: value in VERDICTS),
    "Lane": ("server or client", lambda value: value in ("server", "client")),
    "RunKind": (
        "client, endpoint or demo",
        lambda value: value in ("client", "endpoint", "demo"),
    ),
    "tuple[str, ...]": ("a list of texts", _is_texts),
    "tuple[CaseFinding, ...]": ("a list of objects", _is_objects),
    "tuple[WireEvent, ...]": ("a list of objects", _is_objects),
    "dict[str, int]": ("an object of whole numbers", _is_counts),
}
"""How a field is annotated, to what its JSON must be.  A test asserts that no annotation is missing here."""


class _ShapeError(ValueError):
    pass


def _build(cls: type[_T], record: Mapping[str, Any]) -> _T:
    """The value of this record: unknown fields are let be, missing ones take their default if they have one."""
    values: dict[str, Any] = {}
    for field in attrs.fields(cls):
        if field.name not in record:
            if field.default is attrs.NOTHING:
                raise _ShapeError(f"`{field.name}` is missing")
            continue
        value, shape = record[field.name], str(field.type)
        expected, holds = _SHAPES[shape]
        if not holds(value):
            raise _ShapeError(f"`{field.name}` must be {expected}, found {shorten(quoted(value), 60)}")
        match shape:
            case "tuple[CaseFinding, ...]":
                value = tuple(_build(CaseFinding, item) for item in value)
            case "tuple[WireEvent, ...]":
                value = tuple(_build(WireEvent, item) for item in value)
            case "tuple[str, ...]":
                value = tuple(value)
        values[field.name] = value
    return cls(**values)


class _Reading:
    """Takes the lines of one document, one by one."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.header: Header | None = None
        self.cases: list[CaseResult] = []
        self.footer: Footer | None = None
        self.problems: list[str] = []

    def take(self, number: int, line: bytes, *, is_last: bool) -> None:
        if not line.strip():
            return
        try:
            record = json.loads(line)
        except (ValueError, RecursionError):
            record = None
        if not isinstance(record, dict):
            if is_last and not line.endswith(b"\n"):
                self.problems.append(f"line {number}, the last, is cut off: left out")
            else:
                self.problems.append(f"line {number} is not a JSON object: left out")
            return
        if self.header is None:
            self._take_header(number, record)
            return
        try:
            self._take_record(number, record)
        except _ShapeError as error:
            self.problems.append(f"line {number}: {error}; the line is left out")

    def _take_header(self, number: int, record: Mapping[str, Any]) -> None:
        where = f"{self.name}:{number}"
        if record.get("type") != "header":
            raise DocumentError(
                f'{where}: a result document begins with {{"type": "header", ...}}, '
                f"found type {shorten(quoted(record.get('type')), 40)}; give the run.jsonl that a check wrote"
            )
        try:
            self.header = _build(Header, record)
        except _ShapeError as error:
            raise DocumentError(f"{where}: the header cannot be read: {error}") from None
        if self.header.format > FORMAT:
            self.problems.append(
                f"written in format {self.header.format}, this version reads format {FORMAT}: "
                "what is newer in it is not shown"
            )

    def _take_record(self, number: int, record: Mapping[str, Any]) -> None:
        if self.footer is not None:
            self.problems.append(f"line {number} stands after the footer")
        match record.get("type"):
            case "case":
                self.cases.append(_build(CaseResult, record))
            case "footer":
                self.footer = _build(Footer, record)
            case other:
                self.problems.append(f"line {number} has the type {shorten(quoted(other), 40)}: left out")

    def run(self) -> Run:
        if self.header is None:
            raise DocumentError(
                f"{self.name}: a result document begins with a header line, found none; "
                "give the run.jsonl that a check wrote"
            )
        if self.footer is None:
            self.problems.append("there is no footer: the run broke off")
        elif self.footer.counts != verdict_counts(self.cases):
            self.problems.append("the counts of the footer are not those of the cases")
        return Run(header=self.header, cases=tuple(self.cases), footer=self.footer, problems=tuple(self.problems))


def parse_run(lines: Iterable[bytes], name: str = "run") -> Run:
    """Reads a document from its lines, line ends kept; `name` stands in messages.

    Raises `DocumentError` where there is no header.  All else that is wrong becomes a problem of the run.
    """
    reading = _Reading(name)
    for number, line, is_last in _numbered(lines):
        reading.take(number, line, is_last=is_last)
    return reading.run()


def _numbered(lines: Iterable[bytes]) -> Iterator[tuple[int, bytes, bool]]:
    held: bytes | None = None
    number = 0
    for line in lines:
        if held is not None:
            yield number, held, False
        held, number = line, number + 1
    if held is not None:
        yield number, held, True


def read_run(path: Path) -> Run:
    """Reads a document from its file.

    Raises `DocumentError` where the file cannot be opened or has no header.
    """
    try:
        with path.open("rb") as file:
            return parse_run(file, str(path))
    except OSError as error:
        raise DocumentError(f"{path}: a result document was expected, found none: {error.strerror}") from error
