"""What a measurement says of where it was made: this machine, its Python and this version of ours."""

from __future__ import annotations

import os
import platform

import psutil

from browserconc import __version__
from browserconc.model.finding import BrowserFacts, Environment
from browserconc.recording import Run


def environment(browser: BrowserFacts | None) -> Environment:
    """The environment of a result that was found here, with the browser that took part."""
    return Environment(
        browserconc=__version__,
        python=platform.python_version(),
        platform=platform.platform(),
        cpus=os.cpu_count() or 1,
        memory_bytes=psutil.virtual_memory().total,
        browser=browser,
    )


def run(command: str, *, headed: bool, profile: str | None = None) -> Run:
    """The run of a command whose trials are recorded here."""
    here = environment(None)
    return Run(
        command=command,
        browserconc=here.browserconc,
        python=here.python,
        platform=here.platform,
        cpus=here.cpus,
        memory_bytes=here.memory_bytes,
        headed=headed,
        profile=profile,
    )
