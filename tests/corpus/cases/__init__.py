"""All cases, in the order in which they are run."""

from __future__ import annotations

from tests.corpus.case import Case
from tests.corpus.cases import browser, gateways, network, pages, parallel, server_locks, server_width

CASES: tuple[Case, ...] = (
    *browser.CASES,
    *pages.CASES,
    *server_width.CASES,
    *server_locks.CASES,
    *gateways.CASES,
    *network.CASES,
    *parallel.CASES,
)
