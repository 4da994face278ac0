"""The causes, in the order in which they win where their claims overlap. One file per cause."""

from __future__ import annotations

from browserconc.analysis.causes import (
    accept_backlog,
    browser_overhead,
    cache_lock,
    connection_setup,
    event_loop_blocked,
    h2_streams,
    host_limit,
    idle_connection,
    load_throttle,
    localhost_ipv6,
    machine_saturated,
    pool_limit,
    proxy_coalesce,
    proxy_limit,
    rate_limit,
    server_cpu,
    server_width,
    session_lock,
    staggered_start,
    web_lock,
    websocket_handshake,
    websocket_limit,
)
from browserconc.model.cause import Cause

CAUSES: tuple[Cause, ...] = (
    staggered_start.CAUSE,
    cache_lock.CAUSE,
    host_limit.CAUSE,
    pool_limit.CAUSE,
    proxy_limit.CAUSE,
    websocket_limit.CAUSE,
    websocket_handshake.CAUSE,
    load_throttle.CAUSE,
    web_lock.CAUSE,
    h2_streams.CAUSE,
    accept_backlog.CAUSE,
    proxy_coalesce.CAUSE,
    rate_limit.CAUSE,
    server_width.CAUSE,
    session_lock.CAUSE,
    idle_connection.CAUSE,
    event_loop_blocked.CAUSE,
    server_cpu.CAUSE,
    localhost_ipv6.CAUSE,
    connection_setup.CAUSE,
    browser_overhead.CAUSE,
    machine_saturated.CAUSE,
)
