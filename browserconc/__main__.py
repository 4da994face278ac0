"""`python -m browserconc` and `browserconc`: the command line, loaded so that Ctrl-C ends it at once."""

from __future__ import annotations

import os
import signal


def main() -> None:
    """Loads and runs the command line."""
    # Loading takes a tenth of a second in which nothing runs yet and Ctrl-C would show a traceback.
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, lambda *_: os._exit(130))

    from browserconc import cli  # noqa: PLC0415

    cli.main()


if __name__ == "__main__":
    main()
