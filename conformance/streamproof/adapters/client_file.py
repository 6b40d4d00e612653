"""`client.yaml`: how a client under test is set up and started."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final, NoReturn, TypeVar

import attrs
import yaml

from streamproof.adapters.messages import nearest, shown
from streamproof.adapters.said import CAPABILITIES
from streamproof.adapters.spec import ClientSpec, Kind

FILE_NAME: Final = "client.yaml"

_LIMIT: Final = 1 << 20
_T = TypeVar("_T")


class ClientFileError(Exception):
    """A `client.yaml` that cannot be used: file, line, column, what was expected and found, the fix."""


class _File:
    """Turns nodes into values.  Every scalar is read as it is written, so that `1.10` and `no` stay text."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def refuse(self, node: yaml.Node | None, text: str) -> NoReturn:
        place = f"{self.path}:{node.start_mark.line + 1}:{node.start_mark.column + 1}" if node else str(self.path)
        raise ClientFileError(f"{place}: {text}")

    def compose(self) -> yaml.Node:
        try:
            text = self.path.read_text("utf-8")
        except OSError as error:
            raise ClientFileError(f"{self.path}: expected a file that can be read: {error.strerror}") from None
        except UnicodeDecodeError as error:
            raise ClientFileError(f"{self.path}: expected UTF-8, found an invalid byte at {error.start}") from None
        if len(text) > _LIMIT:
            raise ClientFileError(f"{self.path}: expected at most 1 MiB, found {len(text):,} characters")
        try:
            root = yaml.compose(text, Loader=yaml.SafeLoader)
        except yaml.MarkedYAMLError as error:
            mark = error.problem_mark
            place = f"{self.path}:{mark.line + 1}:{mark.column + 1}" if mark else str(self.path)
            raise ClientFileError(f"{place}: expected YAML: {error.problem or error.context}") from None
        except (yaml.YAMLError, RecursionError) as error:
            raise ClientFileError(f"{self.path}: expected YAML: {str(error).splitlines()[0]}") from None
        if root is None:
            raise ClientFileError(f"{self.path}: expected a mapping with name and entries, found an empty file")
        return root

    def text(self, node: yaml.Node) -> str:
        if not isinstance(node, yaml.ScalarNode):
            self.refuse(node, f"expected text, found a {_noun(node)}")
        if node.tag == "tag:yaml.org,2002:null":
            self.refuse(node, "expected text, found nothing; write '' for an empty text")
        return str(node.value)

    def word(self, node: yaml.Node) -> str:
        text = self.text(node)
        if not text.strip():
            self.refuse(node, "expected a text that is not empty")
        return text

    def each(self, node: yaml.Node, inner: Callable[[yaml.Node], _T]) -> tuple[_T, ...]:
        if not isinstance(node, yaml.SequenceNode):
            self.refuse(node, f"expected a list, found a {_noun(node)}; write [one, another]")
        return tuple(inner(entry) for entry in node.value)

    def mapping(self, node: yaml.Node) -> dict[str, yaml.Node]:
        if not isinstance(node, yaml.MappingNode):
            self.refuse(node, f"expected a mapping, found a {_noun(node)}")
        made: dict[str, yaml.Node] = {}
        for key_node, value in node.value:
            key = self.text(key_node)
            if key in made:
                self.refuse(key_node, f"expected each key once, found {shown(key)} again")
            made[key] = value
        return made

    def keys(self, node: yaml.Node, known: tuple[str, ...]) -> dict[str, yaml.Node]:
        made = self.mapping(node)
        for key_node, _ in node.value:
            if key_node.value not in known:
                fix = nearest(key_node.value, known) or f"known are {', '.join(known)}"
                self.refuse(key_node, f"unknown key {shown(key_node.value)}; {fix}")
        return made

    def command(self, node: yaml.Node) -> tuple[str, ...]:
        """A list of words, or one text that is cut as a shell would, without a shell."""
        if isinstance(node, yaml.ScalarNode):
            try:
                words = tuple(shlex.split(self.word(node)))
            except ValueError as error:
                self.refuse(node, f"expected a command, found {shown(node.value)} ({error}); write a list of words")
        else:
            words = self.each(node, self.text)
        if not words or not words[0]:
            self.refuse(node, "expected a command, found none; write a list of words, the program first")
        return words

    def one_of(self, node: yaml.Node, known: tuple[str, ...]) -> str:
        word = self.text(node)
        if word not in known:
            fix = nearest(word, known) or f"known are {', '.join(known)}"
            self.refuse(node, f"expected one of {', '.join(known)}, found {shown(word)}; {fix}")
        return word


_KINDS: Final[Mapping[str, Kind]] = {"long-lived": "long-lived", "one-shot": "one-shot", "plain": "plain"}
_SHARED: Final = ("kind", "dialects", "capabilities", "env")
_KEYS: Final = ("name", "about", "needs", "setup", "entries", *_SHARED)
_ENTRY_KEYS: Final = ("command", "about", *_SHARED)


def _noun(node: yaml.Node) -> str:
    return {yaml.ScalarNode: "text", yaml.SequenceNode: "list", yaml.MappingNode: "mapping"}.get(type(node), "value")


def load_client_file(path: Path) -> tuple[ClientSpec, ...]:
    """The entries of a `client.yaml`, in its order.  ClientFileError, with file and line, if it is none.

    What stands beside `entries` (`kind`, `dialects`, `capabilities`, `env`) holds for each entry that does not say
    otherwise; commands run in the file's folder.
    """
    file = _File(path)
    root = file.compose()
    keys = file.keys(root, _KEYS)
    for needed in ("name", "entries"):
        if needed not in keys:
            file.refuse(root, f"expected the key {needed}, found {', '.join(keys) or 'none'}")
    base = ClientSpec(
        name=file.word(keys["name"]),
        about=file.text(keys["about"]) if "about" in keys else "",
        command=(),
        cwd=str(path.resolve().parent),
        needs=file.each(keys["needs"], file.word) if "needs" in keys else (),
        setup=file.each(keys["setup"], file.command) if "setup" in keys else (),
        path=str(path),
    )
    entries = file.mapping(keys["entries"])
    if not entries:
        file.refuse(keys["entries"], "expected an entry, found none; write NAME: {command: [...]}")
    return tuple(_entry(file, base, keys, name, node) for name, node in entries.items())


def _entry(file: _File, base: ClientSpec, shared: Mapping[str, yaml.Node], name: str, node: yaml.Node) -> ClientSpec:
    own = file.keys(node, _ENTRY_KEYS)
    if "command" not in own:
        file.refuse(node, f"expected the key command in the entry {name}, found {', '.join(own) or 'none'}")
    both = {**shared, **own}
    env = {}
    for level in (shared, own):
        if "env" in level:
            env.update({key: file.text(value) for key, value in file.mapping(level["env"]).items()})
    spec = attrs.evolve(
        base,
        about=file.text(own["about"]) if "about" in own else base.about,
        entry=name,
        command=file.command(own["command"]),
        env=env,
    )
    if "kind" in both:
        spec = attrs.evolve(spec, kind=_KINDS[file.one_of(both["kind"], tuple(_KINDS))])
    if "dialects" in both:
        spec = attrs.evolve(spec, dialects=file.each(both["dialects"], file.word))
    if "capabilities" in both:
        words = file.each(both["capabilities"], lambda word: file.one_of(word, CAPABILITIES))
        spec = attrs.evolve(spec, capabilities=frozenset(words))
    return spec
