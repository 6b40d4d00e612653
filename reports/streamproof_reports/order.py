"""The order in which cases are listed: by their id, never by the chance of which was done first."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from streamproof_reports.document import CaseResult

_USUAL: Final = (
    "as-written",
    "whole",
    "per-event",
    "bytewise",
    "inside-utf8",
    "inside-crlf",
    "size",
    "at",
    "every-split",
    "random",
)  # fmt: skip
"""Deliveries in the order in which they are spoken of; the number of one stands behind a colon."""

_LONGEST_NUMBER: Final = 18

DeliveryKey = tuple[int, int, str]
IdKey = tuple[tuple[str, ...], str]
CaseKey = tuple[bool, IdKey, str, DeliveryKey]


def delivery_key(delivery: str | None) -> DeliveryKey:
    """Sorts deliveries: the usual ones in their usual order, their numbers as numbers, then all others by name."""
    name, _, number = (delivery or "").partition(":")
    rank = _USUAL.index(name) if name in _USUAL else len(_USUAL)
    is_number = number.isdecimal() and len(number) <= _LONGEST_NUMBER
    return rank, int(number) if is_number else 0, delivery or ""


def folder_of(case_id: str) -> str:
    """`errors` of `errors/http-400@openai-chat[end=a/b]`, empty where it lies in none."""
    return case_id.partition("[")[0].rpartition("/")[0]


def id_key(case_id: str) -> IdKey:
    """Sorts ids folder by folder: what lies in one folder stays together."""
    folder = folder_of(case_id)
    return tuple(folder.split("/")) if folder else (), case_id


def case_key(case: CaseResult) -> CaseKey:
    """Sorts cases by id, then client, then delivery; probes stay in the order of their plan, the plainest first."""
    if case.probe is not None:
        return True, ((), ""), "", delivery_key(None)
    return False, id_key(case.case), case.client or "", delivery_key(case.delivery)


def in_order(cases: Iterable[CaseResult]) -> list[CaseResult]:
    """The cases by id, client and delivery; probes as they were made."""
    return sorted(cases, key=case_key)
