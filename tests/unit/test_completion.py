"""What a shell offers, asked as bash asks: by the environment."""

from __future__ import annotations

import pytest
from click.shell_completion import BashComplete

from browserconc.cli import cli


def offered(*words: str) -> list[str]:
    complete = BashComplete(cli, {}, "browserconc", "_BROWSERCONC_COMPLETE")
    return [item.value for item in complete.get_completions(list(words[:-1]), words[-1])]


@pytest.mark.parametrize(
    ("words", "wanted"),
    [
        (["com"], {"compare", "completion"}),
        (["causes", "cache"], {"cache-lock"}),
        (["compare", "forum"], {"forum-thread"}),
        (["compare", "--server", "gunicorn-g"], {"gunicorn-gthread", "gunicorn-gevent"}),
        (["compare", "--strategies", "raw-socket,tabs-h"], {"raw-socket,tabs-hosts"}),
        (["compare", "--strategies", "tabs,tab"], {"tabs,tabs-distinct", "tabs,tabs-hosts"}),
        (["completion", ""], {"bash", "zsh", "fish"}),
    ],
)
def test_names_are_offered(words: list[str], wanted: set[str]):
    assert set(offered(*words)) == wanted
