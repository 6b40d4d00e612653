"""The pages of the catalogue: one for each folder, and one on the broken clients that fail its scenarios."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

from streamproof.pages.markdown import MADE_BY, page, plain, table
from streamproof.pages.refs import linked
from streamproof.pages.said import in_words
from streamproof.subjects.broken.rows import Row
from streamproof.subjects.broken.table import FAULTS
from streamproof_scenarios.model import Scenario

UP = "../"


def catalogue_pages(scenarios: Iterable[Scenario], rows: Mapping[str, Row]) -> Mapping[str, str]:
    """Every page by its path below the folder of documents."""
    folders: dict[str, list[Scenario]] = defaultdict(list)
    for scenario in scenarios:
        folders[scenario.id.partition("/")[0]].append(scenario)
    return {
        **{f"catalogue/{name}.md": _folder(name, found) for name, found in folders.items()},
        "catalogue/broken-clients.md": broken_clients_page(rows),
    }


def _folder(name: str, scenarios: Sequence[Scenario]) -> str:
    return page(
        f"# The catalogue: {name}",
        MADE_BY,
        f"{len(scenarios)} scenarios. `streamproof show {name}/NAME` prints what one sends, "
        f"`streamproof check client '{name}/**' -- COMMAND` plays them. "
        f"What the words mean: [the catalogue]({UP}catalogue.md).",
        *(_entry(scenario) for scenario in scenarios),
    )


def _entry(scenario: Scenario) -> str:
    name = scenario.id.partition("/")[2]
    facts = [f"`{scenario.id}`", scenario.force, ", ".join(scenario.dialects)]
    if scenario.profile != "strict":
        facts.append(f"legal under the profile {scenario.profile}")
    lines = [f'## <a id="{name}"></a>{plain(scenario.title)}', " · ".join(facts), plain(scenario.about or "")]
    named = [reading for reading in scenario.readings if reading.name]
    if named:
        lines.append("\n".join(f"- {plain(reading.name or '')}: {in_words(reading)}" for reading in named))
    elif scenario.readings:
        lines.append(f"A client reports: {in_words(scenario.readings[0])}.")
    if scenario.refs:
        lines.append(f"Rests on {linked(scenario.refs, up=UP)}.")
    return "\n\n".join(line for line in lines if line)


def broken_clients_page(rows: Mapping[str, Row]) -> str:
    """What each broken client does wrong, and how many cases it fails."""
    return page(
        "# Broken clients",
        MADE_BY,
        "Each is the reference client with one fault (`python -m streamproof.subjects.broken NAME` speaks the adapter "
        "protocol). It fails what concerns its fault and passes everything else; which cases that are stands in "
        "`conformance/streamproof/subjects/broken/fails.yaml`, and a test plays them. A fault that fails nothing gives "
        "an open question another answer than the reference client: its readings are counted. A scenario is played "
        "in its first dialect, or in the one that the fault is about.",
        table(
            ("client", "what it does", "cases it fails", "other readings"),
            (
                (f"`{name}`", plain(fault.about), str(len(rows[name].fails)), str(len(rows[name].reads) or ""))
                for name, fault in FAULTS.items()
                if name in rows
            ),
        ),
    )
