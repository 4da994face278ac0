"""What a server is, before it runs: its kind, its sizes, and what follows from them.

Plain values, cheap to import: the scripts in `lab/servers/` import this file in the server's
own process too.
"""

from __future__ import annotations

import math
import sys
from dataclasses import dataclass
from typing import Literal

Model = Literal["threads", "single", "processes", "greenlets", "event-loop"]

CA_FILE = "ca.pem"
"""Beside the ledger of a server with TLS: the authority that signed its certificate."""
LARGEST = 256
"""Most workers, or threads of a worker, that one server may be asked for."""


@dataclass(frozen=True, slots=True)
class Kind:
    """One name of the contract, such as "gunicorn-sync".

    `script` is run in the server's process. `sizes` are the default ones: none, (workers,) or
    (workers, threads). `bounded` says whether their product limits the requests at once (it is 1
    without sizes); `preforked` whether the first size is a number of processes that must be up.
    `packages` must be installed, and os.fork is needed where `forks`. `wider` names the kind that
    takes more at once where this one has no size to raise. `scheme` is that of its URLs. With
    `requirements` it runs in an environment of its own that holds these packages.
    """

    name: str
    model: Model
    script: str
    packages: tuple[str, ...]
    sizes: tuple[int, ...] = ()
    bounded: bool = True
    preforked: bool = False
    forks: bool = False
    wider: str | None = None
    scheme: Literal["http", "https"] = "http"
    requirements: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Server:
    """A kind with its sizes: what "gunicorn-gthread:2x4" means."""

    kind: Kind
    sizes: tuple[int, ...] = ()

    @property
    def spec(self) -> str:
        """Its name with its sizes, as the contract writes it."""
        return self.kind.name + (":" + "x".join(map(str, self.sizes)) if self.sizes else "")

    @property
    def model(self) -> Model:
        """What carries one request."""
        return self.kind.model

    @property
    def capacity(self) -> int | None:
        """Requests at once according to its settings; None: no limit."""
        return math.prod(self.sizes) if self.kind.bounded else None

    @property
    def workers(self) -> int:
        """How many processes report that they are up."""
        return self.sizes[0] if self.kind.preforked else 1

    def argv(self, ledger: str, descriptor: int, python: str = sys.executable) -> list[str]:
        """The command that serves on an inherited, already listening socket and writes `ledger`."""
        # Neither a file in the working directory nor the script's neighbours shadow a package: -P, or
        # for a Python that has no such switch -I.
        script = [python, "-P" if python == sys.executable else "-I", self.kind.script]
        return [*script, self.kind.name, ledger, str(descriptor), *map(str, self.sizes)]

    def wider(self, n: int) -> str | None:
        """The spec of a server of this kind that takes n requests at once; None: there is none.

        Of workers with threads every worker gets n threads, for they may accept unevenly.
        """
        if self.capacity is None or self.capacity >= n:
            return self.spec
        if not self.sizes:
            return self.kind.wider
        return Server(self.kind, (*self.sizes[:-1], n)).spec if n <= LARGEST else None
