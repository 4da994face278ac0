"""Where real things happen: servers, browsers, sockets, processes. Concludes nothing."""
