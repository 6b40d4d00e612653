"""The page of one dialect or layer, in Markdown."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from streamproof.judging.tables import BASES
from streamproof.pages import counts, diagram, samples
from streamproof.pages.markdown import MADE_BY, code, page, plain, table
from streamproof.pages.showing import Showing
from streamproof.pages.subjects import NOTHING, Subject, subject_of
from streamproof_formats.dialect import Dialect
from streamproof_formats.rule import Rule
from streamproof_formats.rules import RULES
from streamproof_formats.states import StateTable

CATALOGUE: Final = "../../scenarios/streamproof_scenarios/catalogue"
"""Where scenarios lie, as seen from a page."""
_MOST_SHOWN: Final = 2  # scenarios named beside a rule

BOUND: Final[Mapping[str, tuple[str, str]]] = {
    "server": (
        "Rules for servers",
        "Judged in an endpoint's answer and in a recording. What the sentence of a NOT says is not to be.",
    ),
    "decoder": (
        "Rules for decoders",
        "Our own decoder is tested with vectors for each; scenarios show them to clients.",
    ),
    "client": ("Rules for clients", "Shown by scenarios in which a client that does not know the rule fails."),
}


def dialect_page(subject: Subject, shown: Mapping[str, Showing]) -> str:
    """The whole page."""
    return page(
        f"# {subject.name}: {subject.title}",
        MADE_BY,
        subject.about,
        _counted(subject),
        *(() if subject.dialect is None else _of_dialect(subject.dialect)),
        *_profiles(subject),
        *_rules(subject, shown),
    )


def _counted(subject: Subject) -> str:
    levels = ", ".join(f"{count} {level.value}" for level, count in counts.by_level(subject.rules).items() if count)
    return (
        f"{len(subject.rules)} rules: {levels}. `streamproof explain ID` prints one with the scenarios that show it, "
        f"`streamproof explain {subject.name}` this page in short; [formats.md](../formats.md) says what levels and "
        "bases are worth."
    )


def _of_dialect(dialect: Dialect) -> Iterator[str]:
    yield "## On the wire"
    yield table(("", ""), _facts(dialect))
    found = samples.samples(dialect.name)
    yield "A short answer:"
    yield code(samples.shortened(found.stream))
    yield "## Errors"
    yield "Before the stream, here under status 429:"
    yield code(found.refusal, "json")
    yield _about_error(found)
    yield code(samples.shortened(found.error_in_stream))
    yield "## What follows what"
    yield (
        "Drawn from the tables that the machine goes by, or that tests walk beside it. The diagrams show what may come."
    )
    for states in dialect.states:
        yield from _states(states)


def _facts(dialect: Dialect) -> Iterator[tuple[str, str]]:
    yield "request", f"`POST {dialect.target('MODEL')}`"
    yield "base URL of the official SDK", f"`https://HOST{dialect.base_path}`"
    yield (
        "key",
        f"`{dialect.auth.header}: {dialect.auth.scheme}KEY`"
        + (f", or `?{dialect.auth.query}=KEY`" if dialect.auth.query else ""),
    )
    for name, value in dialect.headers.items():
        yield "header", f"`{name}: {value}`"
    yield "body, the least", f"`{samples.compact(dialect.request)}`"
    yield "bound on the answer", f"`{'.'.join(dialect.token_limit)}`"
    layer = "[server-sent events](sse.md)" if dialect.framing == "sse" else "[lines of JSON](ndjson.md)"
    yield "answer", f"`{dialect.content_type}`, {layer}, whose rules hold too"
    if dialect.terminator is not None:
        yield "terminator", f"`{dialect.terminator}`"
    else:
        yield "terminator", "none of its own: see below what ends a stream"


def _about_error(found: samples.Samples) -> str:
    if found.error_breaks:
        rules = ", ".join(found.error_breaks)
        return f"No document has one in the stream. Where a scenario says `error`, this is written; it breaks {rules}:"
    return "In the stream, in place of its rest:"


def _states(states: StateTable) -> Iterator[str]:
    yield f"### Of {states.of}"
    yield code(diagram.mermaid(states), "mermaid")
    meanings = [f"- *{state}*: {meaning}" for state, meaning in states.meanings.items()]
    yield "\n".join(meanings)
    rows = [
        (f"*{state}*", plain(signal), ", ".join(map(_link, rules)), plain(expected or ""))
        for state, signal, rules, expected in diagram.breaches(states)
    ]
    if rows:
        has_rules, has_expected = any(row[2] for row in rows), any(row[3] for row in rows)
        keep = [True, True, has_rules, has_expected]
        head = ("state", "what may not come", "breaks", "expected")
        yield table(_kept(head, keep), [_kept(row, keep) for row in rows])


def _kept(cells: tuple[str, ...], keep: list[bool]) -> tuple[str, ...]:
    return tuple(cell for cell, kept in zip(cells, keep, strict=True) if kept)


def _link(rule: str) -> str:
    """A link to a rule, which may be one of the framing beneath: its row is on another page of the same folder."""
    return f"[{rule}]({subject_of(RULES[rule]).name}.md#{rule.lower()})"


def _profiles(subject: Subject) -> Iterator[str]:
    if not subject.profiles:
        return
    yield "## Profiles"
    yield (
        "What families of servers do otherwise, by their own documents or source; `--profile NAME` lets it pass. "
        "`strict`, the default, allows nothing."
    )
    rows = []
    for profile in subject.profiles:
        allowed = profile.by_dialect[subject.name]
        if not allowed:
            rows.append((f"`{profile.name}`", profile.title, "", NOTHING, ""))
        for number, (rule, allowance) in enumerate(allowed.items()):
            name, title = (f"`{profile.name}`", profile.title) if number == 0 else ("", "")
            rows.append((name, title, _link(rule), plain(allowance.reason), plain(allowance.source)))
    yield table(("profile", "servers", "rule", "what is allowed", "source"), rows)
    for profile in subject.profiles:
        binding = [rule.id for rule in subject.rules if rule.profile == profile.name]
        if binding:
            yield f"Under `{profile.name}` further rules bind: {', '.join(map(_link, binding))}."


def _rules(subject: Subject, shown: Mapping[str, Showing]) -> Iterator[str]:
    for bound, (title, about) in BOUND.items():
        rules = [rule for rule in subject.rules if rule.binds == bound]
        if rules:
            yield f"## {title}"
            yield about
            yield table(
                ("rule", "level", "basis", "what it says", "source", "shown by"),
                [_row(rule, shown[rule.id]) for rule in rules],
            )


def _row(rule: Rule, shown: Showing) -> tuple[str, ...]:
    worth = BASES[rule.basis, rule.level]
    profile = f" Under the profile `{rule.profile}` only." if rule.profile else ""
    bases = " ".join(basis.value for basis in (rule.basis, *rule.support))
    source = f"[{plain(rule.source.document)}]({rule.source.url}), {plain(rule.source.section)} ({rule.source.read})"
    return (
        f'<a id="{rule.id.lower()}"></a>{rule.id}',
        f"{rule.strength} ({worth})" if worth != "note" else rule.strength,
        bases,
        plain(rule.text) + profile,
        source,
        _shown(rule, shown),
    )


def _shown(rule: Rule, shown: Showing) -> str:
    if rule.unshowable is not None:
        return f"no bytes: {rule.unshowable}"
    breaking, keeping = shown.breaking, shown.keeping
    if breaking:
        return f"broken in {_scenarios(breaking)}"
    if keeping:
        return f"{'used' if rule.level.value == 'MAY' else 'kept'} in {_scenarios(keeping)}"
    return "test vectors"


def _scenarios(ids: tuple[str, ...]) -> str:
    more = f" and {len(ids) - _MOST_SHOWN} more" if len(ids) > _MOST_SHOWN else ""
    return ", ".join(f"[{one}]({CATALOGUE}/{one}.yaml)" for one in ids[:_MOST_SHOWN]) + more
