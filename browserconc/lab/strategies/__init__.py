"""The strategies by name, in the order of the contract. One file per strategy."""

from __future__ import annotations

from browserconc.lab.strategies import (
    browsers,
    contexts,
    fetch,
    fetch_distinct,
    incognito,
    no_cache,
    raw_socket,
    tabs,
    tabs_distinct,
    tabs_hosts,
    user_data_dirs,
)
from browserconc.lab.strategy import Strategy

STRATEGIES: dict[str, Strategy] = {
    "raw-socket": raw_socket.STRATEGY,
    "tabs": tabs.STRATEGY,
    "tabs-distinct": tabs_distinct.STRATEGY,
    "tabs-hosts": tabs_hosts.STRATEGY,
    "contexts": contexts.STRATEGY,
    "user-data-dirs": user_data_dirs.STRATEGY,
    "incognito": incognito.STRATEGY,
    "fetch": fetch.STRATEGY,
    "fetch-distinct": fetch_distinct.STRATEGY,
    "no-cache": no_cache.STRATEGY,
    "browsers": browsers.STRATEGY,
}
