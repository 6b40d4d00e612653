"""Errors of the rooms below, as the command line shows them."""

from __future__ import annotations

from streamproof.adapters.child import ClientDidNotStart
from streamproof.adapters.client_file import ClientFileError
from streamproof.adapters.finding import ClientNotFound
from streamproof.errors import CannotJudge, StreamproofError
from streamproof_mock.server import CannotServe
from streamproof_reports.jsonl import DocumentError
from streamproof_scenarios.problem import NotPlayable, ScenarioError


def explained(error: BaseException) -> StreamproofError | None:
    """The error as text, hint and exit code; None if it is not a mistake of the user's or the subject's."""
    match error:
        case ScenarioError() | DocumentError() | ClientFileError() | ClientNotFound() | NotPlayable():
            return StreamproofError(str(error))
        case ClientDidNotStart():
            return CannotJudge(str(error))
        case CannotServe():
            return StreamproofError(str(error))
        case _:
            return None
