"""The survey of servers as JSON, schema "browserconc/servers-1"."""

from __future__ import annotations

import dataclasses
from typing import Annotated

import msgspec
from msgspec import Meta, Struct

from browserconc.model import finding
from browserconc.model.server_row import ServerRow, Survey
from browserconc.report.json_text import decoded, indented

SCHEMA = "browserconc/servers-1"


class Environment(Struct, frozen=True):
    """Where it was measured; no browser takes part."""

    browserconc: str
    python: str
    platform: str
    cpus: int
    memory_bytes: int
    browser: None


class Server(Struct, frozen=True):
    """One server. `stated` null: no limit; `measured` null without an error: no limit seen."""

    server: str
    model: str
    stated: int | None
    backlog: Annotated[
        int | None, Meta(description="Connections that it lets wait by default; the kernel may allow less.")
    ]
    measured: int | None
    probed_up_to: int
    pids: Annotated[int, Meta(description="Processes that took requests.")]
    threads: Annotated[int, Meta(description="Threads or greenlets that took requests.")]
    spread: Annotated[tuple[int, ...], Meta(description="Requests that each process took.")]
    keep_alive: bool | None
    silent_connection_blocks: Annotated[
        bool | None, Meta(description="Whether one connection that says nothing stops the server.")
    ]
    silent_connections_to_block: int | None
    cpu_cores: Annotated[
        float | None, Meta(description="Work of computing handlers at once, in units of one alone.")
    ]
    computing_pids: Annotated[int, Meta(description="Processes that took the computing requests.")]
    blocking_at_once: Annotated[int | None, Meta(description="Blocking coroutines that ran at once.")]
    sentence: str
    error: str | None


class Servers(Struct, frozen=True):
    """Everything that `browserconc servers` says."""

    schema: str
    environment: Environment
    servers: tuple[Server, ...]


def render(survey: Survey) -> str:
    """The survey as indented JSON, ending with a newline."""
    rows = tuple(msgspec.convert(dataclasses.asdict(row), Server) for row in survey.rows)
    environment = msgspec.convert(dataclasses.asdict(survey.environment), Environment)
    return indented(Servers(SCHEMA, environment, rows))


def parse(text: bytes) -> Survey:
    """Reads what `render` wrote, or a file of the same schema with further fields.

    Raises:
        ResultError: a field that is missing or of another type.
    """
    found = decoded(text, SCHEMA, Servers)
    environment = finding.Environment(**msgspec.structs.asdict(found.environment))
    return Survey(environment, tuple(ServerRow(**msgspec.structs.asdict(row)) for row in found.servers))
