"""`streamproof explain RULE`: one rule, its source, and the scenarios that break and keep it."""

from __future__ import annotations

import difflib
import textwrap

import click

from streamproof.errors import StreamproofError
from streamproof.judging.tables import BASES
from streamproof_formats.rules import RULES
from streamproof_scenarios.catalogue import Catalogue

WORTH = {
    "fail": "a breach fails an endpoint or recording",
    "warn": "a breach warns",
    "note": "nothing breaks it: it is allowed",
}


@click.command()
@click.argument("rule_id", metavar="RULE")
def explain(rule_id: str) -> None:
    """Explain a rule: what it says, how strongly, where it is written, which scenarios break it."""
    rule = RULES.get(rule_id) or RULES.get(rule_id.upper())
    if rule is None:
        near = difflib.get_close_matches(rule_id.upper(), RULES, n=3)
        hint = f"near: {', '.join(near)}" if near else "rule ids look like OC-07 or SSE-27b"
        raise StreamproofError(f"expected the id of a rule, found {rule_id!r}", hint)
    click.echo(f"{rule.id}  {rule.strength}  binds the {rule.binds}, basis {rule.basis.value}")
    click.echo(textwrap.indent(textwrap.fill(rule.text, 100), "  "))
    click.echo(f"\n  source   {rule.source.document}, {rule.source.section}")
    click.echo(f"           {rule.source.url} (read {rule.source.read})")
    click.echo(f"  worth    {WORTH[BASES[rule.basis, rule.level]]}")
    if rule.profile:
        click.echo(f"  profile  binds only under {rule.profile}")
    if rule.unshowable:
        click.echo(f"  bytes    cannot be shown by bytes: {rule.unshowable}")
    book = Catalogue.load()
    breaking = [item.id for item in book.scenarios if any(rule.id in rules for rules in item.breaks.values())]
    citing = [item.id for item in book.scenarios if rule.id in item.refs and item.id not in breaking]
    _list("broken by", breaking)
    _list("cited by", citing)


def _list(title: str, ids: list[str]) -> None:
    if ids:
        click.echo(f"\n  {title}:")
        for scenario_id in ids:
            click.echo(f"    {scenario_id}")
