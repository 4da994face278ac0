"""Starts a case's servers on free ports of loopback, waits for them, and ends them with the block."""

from __future__ import annotations

import getpass
import os
import shutil
import socket
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

from browserconc.lab.process import Household, Process
from tests.corpus.case import Case, Program

APPS = Path(__file__).parent / "apps"
READY_S = 20.0


def lacking(case: Case) -> str | None:
    """Why the case cannot be run here: a program or module that is not installed."""
    missing = [name for name in case.needs if shutil.which(name) is None and find_spec(name) is None]
    return f"needs {' and '.join(missing)}, which this machine does not have" if missing else None


@contextmanager
def staged(case: Case) -> Iterator[str]:
    """The URL of the case, whose servers answer until the block ends."""
    with Household() as household:
        place = household.folder("case")
        blanks = {"apps": str(APPS), "place": str(place), "python": sys.executable, "user": getpass.getuser()}
        blanks |= {name: str(port) for name, port in zip(("port", "origin"), free_ports(2), strict=True)}
        if case.scheme == "https":
            blanks |= certificate(place)
        for number, program in enumerate(case.programs):
            start(household, program, blanks, place / f"{number}.log")
        yield f"{case.scheme}://{case.host}:{blanks['port']}{case.path}"


def start(household: Household, program: Program, blanks: dict[str, str], log: Path) -> None:
    """Starts one program and waits until its port takes connections."""
    if program.template:
        text = (APPS / program.template).read_text(encoding="utf-8")
        for name, value in blanks.items():
            text = text.replace(f"@{name}@", value)
        (Path(blanks["place"]) / program.template).write_text(text, encoding="utf-8")
    process = household.spawn(
        [word.format(**blanks) for word in program.argv],
        log=log,
        environment={
            **os.environ,
            "PYTHONPATH": str(APPS),
            "NO_COLOR": "1",
            **filled(program.environment, blanks),
        },
    )
    await_port(int(blanks[program.listens]), process, log)


def filled(environment: object, blanks: dict[str, str]) -> dict[str, str]:
    assert isinstance(environment, dict)
    return {name: value.format(**blanks) for name, value in environment.items()}


def await_port(port: int, process: Process, log: Path) -> None:
    """Returns when the port takes connections; fails with the end of the log when it never does."""
    deadline = time.monotonic() + READY_S
    while time.monotonic() < deadline and process.poll() is None:
        with socket.socket() as probe:
            probe.settimeout(1)
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise AssertionError(f"{process.args!r} did not take connections: {log.read_text()[-600:]}")


def free_ports(count: int) -> list[int]:
    """Ports of loopback that nobody listens on."""
    held = [socket.socket() for _ in range(count)]
    try:
        for each in held:
            each.bind(("127.0.0.1", 0))
        return [each.getsockname()[1] for each in held]
    finally:
        for each in held:
            each.close()


def certificate(place: Path) -> dict[str, str]:
    """A certificate for loopback that no browser trusts, and its key."""
    import trustme  # noqa: PLC0415 - only cases with TLS need it

    issued = trustme.CA().issue_cert("localhost", "127.0.0.1")
    issued.cert_chain_pems[0].write_to_path(str(place / "certificate.pem"))
    issued.private_key_pem.write_to_path(str(place / "key.pem"))
    return {"certificate": str(place / "certificate.pem"), "key": str(place / "key.pem")}
