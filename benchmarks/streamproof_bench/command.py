"""The command: which tables, how many rounds, where the results go."""

from __future__ import annotations

import argparse
import random
import shutil
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from streamproof_bench import machine, results
from streamproof_bench.answers import WrongAnswer
from streamproof_bench.contestants import CONTESTANTS
from streamproof_bench.table import CannotMeasure, Finding, Setting
from streamproof_bench.tables import TABLES
from streamproof_bench.workshop import ROOT

RESULTS: Final = ROOT / "RESULTS.md"
FEWEST_ROUNDS: Final = 5
"""With fewer rounds nothing is judged."""


def main(arguments: Sequence[str] | None = None) -> None:
    """Runs the tables that were asked for, prints each, and writes their sections."""
    given = _parser().parse_args(arguments)
    if sys.platform != "linux":
        sys.exit("the benchmarks read /proc and pin processes to cores: they run on Linux only")
    if unknown := [name for name in given.tables if name not in TABLES]:
        sys.exit(f"expected tables of {', '.join(TABLES)}, found {', '.join(unknown)}")
    seed = given.seed if given.seed is not None else random.SystemRandom().randrange(1 << 32)
    rounds = given.rounds or (2 if given.quick else FEWEST_ROUNDS)
    output = given.output or (None if given.quick else RESULTS)
    machine.allow_many_files()
    folder = Path(tempfile.mkdtemp(prefix="streamproof-bench-"))
    setting = Setting(
        rounds=rounds,
        quick=given.quick,
        seed=seed,
        cores=machine.Cores.of_this_machine(),
        folder=folder,
        cache=ROOT / ".cache",
        tell=lambda line: print(f"  {line}", file=sys.stderr, flush=True),
        only=tuple(given.contestant),
    )
    _tell(f"seed {seed}, {rounds} rounds{', quick' if given.quick else ''}")
    failed = False
    try:
        for name in given.tables or TABLES:
            try:
                finding = TABLES[name](setting)
            except (CannotMeasure, WrongAnswer) as reason:
                _tell(f"{name}: cannot be measured: {reason}")
                failed = True
                continue
            text = _section(finding, setting, given)
            print(text, flush=True)
            if output is not None:
                document = output.read_text("utf-8") if output.exists() else ""
                output.write_text(results.replaced(document, name, text, tuple(TABLES)), "utf-8")
                _tell(f"{name}: written to {output}")
    except KeyboardInterrupt:
        sys.exit("interrupted: the tables that were finished are written")
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    if failed:
        sys.exit(1)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python benchmarks/run.py", description="Measure streamproof beside others, and write RESULTS.md."
    )
    parser.add_argument("tables", nargs="*", metavar="TABLE", help=f"of {', '.join(TABLES)}; all without one")
    parser.add_argument("--rounds", type=int, help=f"default {FEWEST_ROUNDS}; with fewer nothing is judged")
    parser.add_argument("--quick", action="store_true", help="small sizes, 2 rounds; written only where -o says")
    parser.add_argument("--seed", type=int, help="of the text that is drawn; without it another one each time")
    parser.add_argument("-o", "--output", type=Path, help=f"default {RESULTS.name} beside this program")
    parser.add_argument(
        "--contestant",
        action="append",
        default=[],
        choices=[contestant.name for contestant in CONTESTANTS],
        help="only this one beside ours and plain quart-trio; may be repeated",
    )
    return parser


def _section(finding: Finding, setting: Setting, given: argparse.Namespace) -> str:
    is_judged = not setting.quick and setting.rounds >= FEWEST_ROUNDS
    words = [*given.tables, *(["--quick"] if setting.quick else ()), "--rounds", str(setting.rounds)]
    words += [word for name in setting.only for word in ("--contestant", name)]
    command = " ".join(("python benchmarks/run.py", *words, "--seed", str(setting.seed)))
    places = finding.places if setting.cores.are_apart else "everything on ONE core"
    facts = [
        f"`{command}`, {time.strftime('%Y-%m-%d', time.gmtime())}",
        f"{machine.described()}; {places}",
        ", ".join(dict.fromkeys(finding.versions)),
    ]
    blocks = [
        f"## {finding.title}",
        "\n".join(f"- {fact}" for fact in facts if fact),
        finding.about,
        results.targets(finding.outcomes, is_judged=is_judged),
        *finding.parts,
    ]
    if finding.left_out:
        blocks.append("Not measured here:\n\n" + "\n".join(f"- {reason}" for reason in finding.left_out))
    return "\n\n".join(blocks)


def _tell(line: str) -> None:
    print(line, file=sys.stderr, flush=True)
