"""What was found, as a scenario file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from streamproof.errors import StreamproofError
from streamproof.fuzzing.draft import Draft
from streamproof.running.job import Job, jobs_of
from streamproof_reports.document import CaseFinding
from streamproof_scenarios.file_text import file_text
from streamproof_scenarios.loader import load


def document_of(draft: Draft, finding: CaseFinding) -> dict[str, Any]:
    """The scenario of a draft, saying how it came about."""
    about = f"Drawn by seed {draft.seed} and made smaller; the client that it was found with: {finding.message}"
    document = {
        "title": f"A generated stream that ended in {finding.check}",
        "about": about,
        **{key: value for key, value in draft.document.items() if key != "title"},
    }
    if draft.delivery != "as-written":
        stream = document.pop("stream")
        document |= {"deliveries": [draft.delivery], "stream": stream}
    return document


def written(draft: Draft, finding: CaseFinding, folder: Path) -> tuple[Path, Job]:
    """Writes the scenario into the folder, over nothing that lies there, and gives its path and what to play."""
    text = file_text(document_of(draft, finding))
    name = f"{draft.dialect}-{finding.check}-{draft.seed}"
    number = 1
    while True:
        path = folder / (f"{name}.yaml" if number == 1 else f"{name}-{number}.yaml")
        try:
            folder.mkdir(parents=True, exist_ok=True)
            if not path.exists():
                path.write_text(text, "utf-8")
            if path.read_text("utf-8") == text:
                break
        except OSError as error:
            raise StreamproofError(f"{path}: cannot be written: {error.strerror}", "-o FOLDER") from error
        number += 1
    (job,) = jobs_of([load(path, id=path.stem, shown=str(path))], ())
    return path, job
