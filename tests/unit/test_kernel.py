"""The accept queue as the kernel's tables have it."""

from __future__ import annotations

import socket

import pytest

from browserconc.evidence.kernel import TABLE, AcceptQueue, overflows, waiting

HEAD = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid\n"
LISTENING = "   0: 0100007F:1F90 00000000:0000 0A 00000000:00000006 00:00000000 00000000     0\n"
ESTABLISHED = "   1: 0100007F:1F90 0100007F:C350 01 00000000:000000FF 00:00000000 00000000     0\n"


def test_a_listening_socket_s_queue_is_read() -> None:
    assert waiting(HEAD + ESTABLISHED + LISTENING, 8080) == 6


def test_other_ports_and_states_are_not_it() -> None:
    assert waiting(HEAD + ESTABLISHED, 8080) is None
    assert waiting(HEAD + LISTENING, 8081) is None
    assert waiting("", 8080) is None


def test_the_counter_is_found_by_its_name() -> None:
    text = "TcpExt: SyncookiesSent ListenOverflows ListenDrops\nTcpExt: 1 42 43\nIpExt: A\nIpExt: 7\n"
    assert overflows(text) == 42
    assert overflows("TcpExt: A\nTcpExt: 1\n") is None
    assert overflows("") is None


@pytest.mark.skipif(not TABLE.exists(), reason="needs Linux's /proc/net/tcp")
def test_connections_that_nobody_accepts_are_seen_by_the_kernel() -> None:
    with socket.create_server(("127.0.0.1", 0), backlog=8) as server:
        queue = AcceptQueue(server.getsockname()[1])
        clients = [socket.create_connection(server.getsockname()) for _ in range(3)]
        queue.sample()
        for each in clients:
            each.close()
    assert queue.facts()["accept_queue_peak"] == 3
