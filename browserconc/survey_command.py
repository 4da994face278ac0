"""`browserconc servers --server-cmd`: a server of the user's, which writes no ledger, judged from outside."""

from __future__ import annotations

from browserconc.analysis import capacity, outside, outside_plan
from browserconc.lab import outside as outside_lab
from browserconc.lab.process import Household, ProcessError
from browserconc.lab.server import Server
from browserconc.lab.server_probe import Probe
from browserconc.lab.servers import ServerError, start
from browserconc.lab.strategies.raw_socket import RawClientError
from browserconc.model.server_row import Probed, ServerRow
from browserconc.model.target import Target

CLIENTS = 12
DEADLINE_S = 40.0


async def survey_command(household: Household, server: Server, path: str) -> ServerRow:
    """The row for a command: what raw sockets see of the server behind `path`."""
    folder = household.folder("server")
    known = Probed(server.spec, server.model, stated=None, backlog=None, processes=1)
    try:
        running = await start(household, server, folder)
    except ServerError as problem:
        return capacity.failed(known, problem.in_full)
    try:
        view = await outside_lab.examine(
            Target(f"{running.origin}{path}"),
            household,
            folder / "outside",
            clients=CLIENTS,
            deadline_s=DEADLINE_S,
            tell=lambda text: None,
            plan=outside_plan.next_experiment,
        )
        keep_alive = await Probe(household, running, folder, path).keeps_alive()
    except (RawClientError, ProcessError) as problem:
        return capacity.failed(known, str(problem))
    finally:
        await running.stop()
    return capacity.from_outside(known, view, outside.judge(view), keep_alive=keep_alive)
