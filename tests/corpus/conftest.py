"""The corpus takes a quarter of an hour: it runs only where its marker is asked for."""

from __future__ import annotations

import pytest


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if "corpus" in config.option.markexpr:
        return
    left_out = [item for item in items if item.get_closest_marker("corpus")]
    config.hook.pytest_deselected(items=left_out)
    items[:] = [item for item in items if item not in left_out]
