"""What a search would measure is said without running anything."""

from __future__ import annotations

import pytest

from browserconc import tuning
from browserconc.lab.dask_cluster import ClusterError
from browserconc.model.plan import Cluster
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


@pytest.mark.parametrize("address", ["local:", "local:0", "local:many", "local:99"])
async def test_what_is_no_cluster_is_one_sentence(address):
    with pytest.raises(ClusterError, match="write local:2"):
        await tuning.plan(Wanted(cluster=Cluster(address)))
