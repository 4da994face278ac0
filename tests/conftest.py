"""Options of the whole test suite."""

from __future__ import annotations

import pytest
from hypothesis import settings

pytest_plugins = ["pytester"]

# These machines are noisy: a single example may take long without anything being wrong.
settings.register_profile("noisy", deadline=None)
settings.load_profile("noisy")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--update-golden", action="store_true", help="rewrite the golden reports; read the diff afterwards"
    )
