"""Official SDKs, which are optional here and never in the pipeline."""

from __future__ import annotations

import importlib
import os
from typing import Any

import pytest


def official(module: str) -> Any:
    """The module of an SDK; the test is skipped where it is not installed, and fails there in the pipeline."""
    if os.environ.get("CI"):
        return importlib.import_module(module)
    return pytest.importorskip(module, reason=f"{module} is not installed")
