"""What a server is, before it runs: its kind, its sizes, and what follows from them.

Plain values, cheap to import: the scripts in `lab/servers/` import this file in the server's
own process too.
"""

from __future__ import annotations

import json
import math
import sys
from dataclasses import dataclass, replace
from pathlib import PurePath
from typing import Literal

Model = Literal["threads", "single", "processes", "greenlets", "event-loop", "unknown"]
Interface = Literal["wsgi", "asgi"]

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
    `requirements` it runs in an environment of its own that holds these packages. `interface` is what
    an application of the user's must speak to run under it, None where it runs none. `backlog` is how
    many connections it lets wait by default, where nobody says otherwise. A default size that is
    `unnamed` is no part of its name. `websockets` tells whether our endpoint answers handshakes under it.
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
    interface: Interface | None = "wsgi"
    backlog: int | None = None
    unnamed: bool = False
    websockets: bool = True


@dataclass(frozen=True, slots=True)
class Server:
    """A kind with its sizes: what "gunicorn-gthread:2x4" means.

    `app` is the user's own application, as "module:attribute"; None is the slow endpoint. `command` is
    the user's own server: its words, with "{port}" in one of them.
    """

    kind: Kind
    sizes: tuple[int, ...] = ()
    app: str | None = None
    command: tuple[str, ...] = ()

    @property
    def spec(self) -> str:
        """Its name with its sizes, as the contract writes it; of a command no more than the program."""
        if self.command:
            return f"{self.kind.name}:{PurePath(self.command[0]).name}"
        sizes = () if self.kind.unnamed and self.sizes == self.kind.sizes else self.sizes
        return self.kind.name + (":" + "x".join(map(str, sizes)) if sizes else "")

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

    def argv(
        self,
        ledger: str,
        descriptor: int,
        python: str = sys.executable,
        *,
        backlog: int,
        certificate: tuple[str, str] | None = None,
    ) -> list[str]:
        """The command that serves on an inherited, already listening socket and writes `ledger`.

        Args:
            ledger: the file's path.
            descriptor: of the socket.
            python: the interpreter.
            backlog: of the socket; some servers listen once more and name it again.
            certificate: the files of the chain and of the private key, for TLS.
        """
        # Neither a file in the working directory nor the script's neighbours shadow a package: -P, or
        # for a Python that has no such switch -I.
        script = [python, "-P" if python == sys.executable else "-I", self.kind.script]
        rest = {"sizes": self.sizes, "app": self.app, "backlog": backlog, "certificate": certificate}
        return [*script, self.kind.name, ledger, str(descriptor), json.dumps(rest)]

    def wider(self, n: int) -> str | None:
        """The spec of a server of this kind that takes n requests at once; None: there is none.

        Of workers with threads every worker gets n threads, for they may accept unevenly.
        """
        if self.capacity is None or self.capacity >= n:
            return self.spec
        if not self.sizes:
            return self.kind.wider
        return replace(self, sizes=(*self.sizes[:-1], n)).spec if n <= LARGEST else None
