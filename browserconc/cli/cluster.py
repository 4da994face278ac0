"""Options that share a command's work among many hosts."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar

import click

from browserconc.cli.exits import WrongUsage
from browserconc.model.plan import Cluster, Plan

_Command = TypeVar("_Command", bound=Callable[..., Any])


def cluster_options(command: _Command) -> Any:
    """Adds --cluster and its company; the command gets one `cluster`, None where it is not given."""

    @click.option("--cluster", metavar="tcp://…|local:N", help="Load from all Dask workers at once.")
    @click.option("--listen", metavar="ADDRESS", help="Where those reach our server.  [127.0.0.1]")
    @click.option("--tls-ca-file", metavar="FILE", help="Dask: the authority of a tls:// scheduler.")
    @click.option("--tls-cert", metavar="FILE", help="Dask: our certificate.")
    @click.option("--tls-key", metavar="FILE", help="Dask: its key.")
    @wraps(command)
    def with_cluster(
        *args: Any,
        cluster: str | None,
        listen: str | None,
        tls_ca_file: str | None,
        tls_cert: str | None,
        tls_key: str | None,
        **options: Any,
    ) -> Any:
        if cluster is None and any((listen, tls_ca_file, tls_cert, tls_key)):
            raise click.UsageError("--listen and the --tls-… files go with --cluster.")
        chosen = Cluster(cluster, listen or "127.0.0.1", tls_ca_file, tls_cert, tls_key) if cluster else None
        return command(*args, cluster=chosen, **options)

    return with_cluster


def check_shared(plan: Plan) -> None:
    """Refuses what one machine measures and several do not, instead of measuring something else.

    Raises:
        WrongUsage: the plan has such a thing.
    """
    from browserconc.lab.servers import chosen

    if len(plan.browsers) > 1:
        raise WrongUsage("--cluster measures one browser at a time: give one --browser.")
    for trial in plan.trials:
        if trial.workload != "navigate":
            raise WrongUsage(
                f"--cluster opens pages only: leave --workload {trial.workload} or --cluster away."
            )
        if chosen(trial.server, app=trial.app, command=trial.command).kind.scheme == "https":
            raise WrongUsage(
                f"--cluster knows servers without TLS only: leave {trial.server} or --cluster away."
            )
