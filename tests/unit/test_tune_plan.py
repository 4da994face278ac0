"""What a search would measure is said without running anything."""

from __future__ import annotations

import pytest

from browserconc import tuning
from browserconc.lab.dask_cluster import ClusterError
from browserconc.lab.leave import LeaveError
from browserconc.model.plan import BrowserChoice, Cluster
from browserconc.tuning import Wanted


async def test_it_says_what_would_be_measured():
    text = await tuning.plan(Wanted())
    assert "Nothing was run" in text
    assert "on a machine like this one" in text.replace("\n", " ")
    assert "   1 x   1 x   1" in text
    assert max(map(len, text.splitlines())) <= 80


async def test_it_names_the_hosts():
    text = await tuning.plan(Wanted(cluster=Cluster("local:3")))
    assert "on each of 3 hosts" in text.replace("\n", " ")
    assert "127.0.0.1" in text
    assert "on each host" in text


async def test_it_names_the_browsers_of_others_and_asks_for_no_more():
    address = "http://user:word@10.0.0.2:9222/path?token=secret"
    text = await tuning.plan(Wanted(remotes=(BrowserChoice(cdp=address),)))
    assert "in browsers that others started:\n  http://10.0.0.2:9222\n" in text
    assert not any(word in text for word in ("token", "word@", "path"))
    assert "\n     2 x" not in text


async def test_a_browser_elsewhere_is_not_sent_to_our_loopback():
    wanted = Wanted(remotes=(BrowserChoice(cdp="http://203.0.113.7:9222/devtools/browser/1234"),))
    with pytest.raises(LeaveError, match="is on another machine, and our own pages"):
        await tuning.permitted(wanted)


@pytest.mark.parametrize("address", ["local:", "local:0", "local:many", "local:99"])
async def test_what_is_no_cluster_is_one_sentence(address):
    with pytest.raises(ClusterError, match="write local:2"):
        await tuning.plan(Wanted(cluster=Cluster(address)))
