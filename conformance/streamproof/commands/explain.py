"""`streamproof explain RULE|DIALECT|PROFILE`: a rule with its source and scenarios, or what is known of the others."""

from __future__ import annotations

import difflib
import re
import textwrap
from collections.abc import Iterator
from typing import Final

import click

from streamproof.errors import StreamproofError
from streamproof.judging.tables import BASES
from streamproof.pages import counts, diagram, samples
from streamproof.pages.showing import showings
from streamproof.pages.subjects import NOTHING, SUBJECTS, Subject
from streamproof_formats.dialect import Dialect
from streamproof_formats.profiles import PROFILES, Profile
from streamproof_formats.rule import Rule
from streamproof_formats.rules import RULES
from streamproof_scenarios.catalogue import Catalogue

WIDTH: Final = 100
WORTH: Final = {
    "fail": "a breach fails an endpoint or recording",
    "warn": "a breach warns",
    "note": "nothing breaks it: it is allowed",
}


@click.command()
@click.argument("name", metavar="RULE|DIALECT|PROFILE")
def explain(name: str) -> None:
    """Explain a rule (OC-07), a dialect (openai-chat, or the layers sse and ndjson) or a profile (azure)."""
    rule_id = next((rule for rule in RULES if rule.lower() == name.lower()), None)
    if rule_id is not None:
        lines = _of_rule(RULES[rule_id])
    elif (subject := SUBJECTS.get(name.lower())) is not None:
        lines = _of_subject(subject)
    elif (profile := PROFILES.get(name.lower())) is not None:
        lines = _of_profile(profile)
    else:
        raise _unknown(name)
    for line in lines:
        click.echo(line)


def _unknown(name: str) -> StreamproofError:
    known = {each.lower(): each for each in (*RULES, *SUBJECTS, *PROFILES)}
    # OC-7 is meant for OC-07.
    likely = re.sub(r"-(\d)(?!\d)", r"-0\1", name.lower())
    near = [known[each] for each in difflib.get_close_matches(likely, known, n=3)]
    hint = f"near: {', '.join(near)}" if near else "rule ids look like OC-07 or SSE-27b, dialects like openai-chat"
    return StreamproofError(f"expected the id of a rule, a dialect or a profile, found {name!r}", hint)


def _of_rule(rule: Rule) -> Iterator[str]:
    bases = " ".join(basis.value for basis in (rule.basis, *rule.support))
    yield f"{rule.id}  {rule.strength}  binds the {rule.binds}, basis {bases}"
    yield textwrap.indent(textwrap.fill(rule.text, WIDTH), "  ")
    yield f"\n  source   {rule.source.document}, {rule.source.section}"
    yield f"           {rule.source.url} (read {rule.source.read})"
    yield f"  worth    {WORTH[BASES[rule.basis, rule.level]]}"
    if rule.profile:
        yield f"  profile  binds only under {rule.profile}"
    if rule.unshowable:
        yield f"  bytes    cannot be shown by bytes: {rule.unshowable}"
    allowing = [name for name, profile in PROFILES.items() if rule.id in profile.allows]
    if allowing:
        yield f"  allowed  some or all breaches, under {', '.join(allowing)}"
    shown = showings(Catalogue.load())[rule.id]
    yield from _listed("broken by", shown.breaking)
    yield from _listed("used by" if rule.level.value == "MAY" else "kept by", shown.keeping)


def _listed(title: str, ids: tuple[str, ...]) -> Iterator[str]:
    if ids:
        yield f"\n  {title}:"
        yield from (f"    {scenario_id}" for scenario_id in ids)


def _of_subject(subject: Subject) -> Iterator[str]:
    yield f"{subject.name}  {subject.title}"
    yield textwrap.indent(textwrap.fill(subject.about, WIDTH, break_on_hyphens=False), "  ")
    if subject.dialect is not None:
        yield from _wire(subject.dialect)
    for profile in subject.profiles:
        allowed = ", ".join(profile.by_dialect[subject.name]) or NOTHING
        yield f"  {'profile':<11}{profile.name} ({profile.title}): {allowed}"
    if subject.dialect is not None:
        yield from _order(subject.dialect)
    levels = ", ".join(f"{count} {level.value}" for level, count in counts.by_level(subject.rules).items() if count)
    yield f"\n  {len(subject.rules)} rules: {levels}; `streamproof explain ID` tells more of one"
    for rule in subject.rules:
        binds = "" if rule.binds == "server" else f" ({rule.binds})"
        start = f"  {rule.id:<8} {rule.strength:<10} {rule.basis.value:<6} "
        yield textwrap.fill(
            rule.text + binds,
            WIDTH + 10,
            initial_indent=start,
            subsequent_indent=" " * len(start),
            break_on_hyphens=False,
        )


def _wire(dialect: Dialect) -> Iterator[str]:
    found = samples.samples(dialect.name)
    yield f"\n  {'request':<11}POST {dialect.target('MODEL')}"
    yield f"  {'key':<11}{dialect.auth.header}: {dialect.auth.scheme}KEY"
    yield f"  {'answer':<11}{dialect.content_type}"
    yield f"  {'terminator':<11}{dialect.terminator or 'none of its own'}"
    yield f"  {'error':<11}{found.refusal}"


def _order(dialect: Dialect) -> Iterator[str]:
    """What may follow what: by state, where each signal leads; then what may not come."""
    for table in dialect.states:
        yield f"\n  of {table.of}:"
        legal: dict[tuple[str, str], list[str]] = {}
        for arrow in table.transitions:
            if not arrow.is_breach:
                legal.setdefault((arrow.source, arrow.target), []).append(arrow.signal)
        for (source, target), signals in legal.items():
            way = source if source == target else f"{source} -> {target}"
            yield f"    {way}: {', '.join(signals)}"
        for state, signals_there, rules, expected in diagram.breaches(table):
            reason = f"breaks {', '.join(rules)}" if rules else f"expected {expected}"
            yield f"    {state}, not: {signals_there} ({reason})"


def _of_profile(profile: Profile) -> Iterator[str]:
    yield f"{profile.name}  {profile.title}"
    if not profile.allows:
        yield "  it allows nothing" + (" that a rule minds" if profile.by_dialect else "")
    for dialect, allowed in profile.by_dialect.items():
        for rule_id, allowance in allowed.items():
            scope = "" if allowance.when is None else " (only such)"
            yield f"\n  {dialect} {rule_id}{scope}: {allowance.reason}"
            yield f"    rule    {RULES[rule_id].text}"
            yield f"    source  {allowance.source}"
    binding = [rule.id for rule in RULES.values() if rule.profile == profile.name]
    if binding:
        yield f"\n  binds further: {', '.join(binding)}"
