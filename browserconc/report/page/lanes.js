// The two ways to put requests into rows. A row: label, title, spans in order of time, its requests.
const ROW = 22;
const NARROW = 620;

// Where a trial's URLs have hosts of their own, the host tells them apart, else the path.
function shortened(url, several) {
  const [, host, path] = /^[a-z]+:\/\/([^/]*)(.*)$/i.exec(url) ?? [null, "", url];
  const said = several ? host + path : path || url;
  return said.length > 26 ? `${said.slice(0, 12)}…${said.slice(-13)}` : said;
}

function byRequest(requests) {
  const several = new Set(requests.map((request) => request.url.split("/", 3)[2]?.split(":")[0])).size > 1;
  return requests.map((request) => ({
    label: String(request.index + 1),
    more: shortened(request.url, several),
    requests: [request],
    spans: request.slices.map((slice) => ({ ...slice, slice, request })),
    note: request.failed ? "failed" : roughly(request.end),
    failed: request.failed,
  }));
}

// A bar per connection: what each request did with it, from the moment it had it.
function byConnection(requests) {
  const ports = new Map();
  for (const request of requests) {
    if (!ports.has(request.port)) ports.set(request.port, []);
    ports.get(request.port).push(request);
  }
  const rows = [...ports].map(([port, members]) => {
    members.sort((one, other) => one.wired - other.wired);
    return {
      label: port === null ? "?" : `:${port}`,
      more: members.length === 1 ? "1 request" : `${members.length} requests`,
      requests: members,
      spans: members.flatMap((request) =>
        request.slices.filter((slice) => slice.to > request.wired && slice.from < request.freed).map((slice) => ({ ...slice, slice, request }))),
      note: roughly(Math.max(...members.map((request) => request.freed))),
      failed: members.some((request) => request.failed),
    };
  });
  return rows.sort((one, other) => one.requests[0].wired - other.requests[0].wired);
}

const VIEWS = { requests: byRequest, connections: byConnection };

function accepts(filter, request) {
  if (filter.url && !request.url.toLowerCase().includes(filter.url)) return false;
  return filter.causes.size === 0 || request.slices.some((slice) => filter.causes.has(slice.cause));
}

// One row at `top`: the browser's lane over the server's.
function drawRow(row, top, scale, filter, wide) {
  const group = svg("g", {}, svg("text", { x: 0, y: top + 14 }, wide ? `${row.label}  ${row.more}` : row.label));
  for (const span of row.spans) {
    if (!scale.shows(span.from, span.to)) continue;
    const dim = filter.causes.size && !filter.causes.has(span.cause) ? { class: "dim" } : {};
    group.append(bar(scale.x(span.from), scale.x(span.to), top + 3, 10, { fill: filled(span.cause), ...dim }));
  }
  for (const { server } of row.requests) {
    if (!server || !scale.shows(server.accepted ?? server.started, server.finished)) continue;
    const y = top + 17;
    if (server.accepted !== null && server.accepted < server.started) {
      group.append(svg("line", { x1: scale.x(server.accepted), x2: scale.x(server.started), y1: y, y2: y, class: "connected" }));
    }
    group.append(bar(scale.x(server.started), scale.x(server.finished), top + 15, 4, { class: "worked" }));
  }
  group.append(svg("text", { x: scale.left + scale.width + 56, y: top + 14, class: row.failed ? "number failed" : "number" }, row.note));
  return group;
}
