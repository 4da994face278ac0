"""`python -m browserconc` is `browserconc`."""

from browserconc.cli import main

main()
