"""The pytest plugin: the fixtures `concurrency` and `live_endpoint`, options, a marker and a report section.

Everything but pytest is imported when a fixture is asked for, so that a suite that uses none of it pays
nothing.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from browserconc.assertions import Measured
    from browserconc.lab.live_endpoints import LiveEndpoint, LiveEndpoints
    from browserconc.measurement import Conditions
    from browserconc.outcome import Result

PROPERTY = "browserconc"
DEFAULT_N = 10
DEFAULT_STRATEGY = "contexts"
DEFAULT_SERVER = "werkzeug-threaded"
TIMEOUT_S = 60.0


def pytest_addoption(parser: pytest.Parser) -> None:
    """Our options."""
    group = parser.getgroup("browserconc", "concurrency of browser tabs (browserconc)")
    group.addoption(
        "--browserconc-out",
        metavar="DIR",
        help="Keep every recording of `concurrency` here, with its HTML page and JSON.",
    )
    group.addoption(
        "--browserconc-browser",
        metavar="NAME|PATH",
        default="chromium",
        help="The browser of `concurrency`: chromium, a channel or an executable.  [chromium]",
    )
    group.addoption("--browserconc-headed", action="store_true", help="Show the windows of that browser.")


def pytest_configure(config: pytest.Config) -> None:
    """Our marker."""
    config.addinivalue_line(
        "markers",
        "concurrency(n=10, strategy='contexts', timeout=60): what `concurrency.measure` does in this test "
        "where it is not told otherwise (browserconc).",
    )


class ConcurrencyMeter:
    """What the fixture `concurrency` is."""

    def __init__(
        self, request: pytest.FixtureRequest, endpoints: LiveEndpoints, folder: Path, keep: bool
    ) -> None:
        """`folder` takes the recordings; with `keep` each gets its reports."""
        marker = request.node.get_closest_marker("concurrency")
        self._defaults: dict[str, Any] = dict(marker.kwargs) if marker else {}
        self._config = request.config
        self._node = request.node
        self._endpoints = endpoints
        self._folder = folder
        self._keep = keep
        self._count = 0

    def measure(
        self,
        url_or_callable: str | Callable[..., Any],
        n: int | None = None,
        strategy: str | None = None,
        *,
        timeout: float | None = None,
    ) -> Measured:
        """Puts n requests in flight at once and says how many ran at once, and what held back the others.

        Args:
            url_or_callable: a URL, loaded by n tabs; or a coroutine function that is given a page, run in
                n tabs; or a function without arguments, run n times at once against a `live_endpoint`.
            n: how many.  [10]
            strategy: how the tabs are opened: contexts, tabs, tabs-distinct, tabs-hosts, user-data-dirs,
                browsers, incognito, no-cache; or raw-socket, without a browser.  [contexts]
            timeout: seconds in which all must be done.  [60]

        Raises:
            MeasurementError: nothing could be measured.
            ValueError: there is no such strategy.
        """
        from browserconc.sync import blocking  # noqa: PLC0415

        return blocking(self.measure_async)(url_or_callable, n, strategy, timeout=timeout)

    async def measure_async(
        self,
        url_or_callable: str | Callable[..., Any],
        n: int | None = None,
        strategy: str | None = None,
        *,
        timeout: float | None = None,  # noqa: ASYNC109 - of the requests
    ) -> Measured:
        """The same for a test that runs an event loop, which goes on meanwhile."""
        from browserconc import measurement  # noqa: PLC0415
        from browserconc.assertions import Measured  # noqa: PLC0415
        from browserconc.model.plan import BrowserChoice  # noqa: PLC0415
        from browserconc.outcome import in_one_sentence  # noqa: PLC0415

        def given(name: str, value: Any, default: Any) -> Any:
            return self._defaults.get(name, default) if value is None else value

        how = measurement.Conditions(
            n=given("n", n, DEFAULT_N),
            strategy=given("strategy", strategy, DEFAULT_STRATEGY),
            browser=BrowserChoice(
                self._config.getoption("browserconc_browser"), self._config.getoption("browserconc_headed")
            ),
            timeout_s=given("timeout", timeout, TIMEOUT_S),
        )
        self._count += 1
        out = self._folder / f"{self._count:02d}-{how.strategy}"
        with in_one_sentence():
            result = await self._result(url_or_callable, how, out)
        measured = Measured(result)
        self._note(measured, out)
        return measured

    def _result(self, subject: str | Callable[..., Any], how: Conditions, out: Path) -> Awaitable[Result]:
        from browserconc import measurement  # noqa: PLC0415

        if isinstance(subject, str):
            return measurement.of_url(subject, how, out, self._endpoints.serving(subject))
        if measurement.takes_a_page(subject):
            return measurement.of_page_code(subject, how, out)
        endpoint = self._endpoints.latest
        if endpoint is None:
            raise ValueError(
                "Code that takes no page is measured by the server's ledger: ask for the fixture "
                "live_endpoint, start one, and let the code load its url()."
            )
        return measurement.of_code(subject, how, out, endpoint)

    def _note(self, measured: Measured, out: Path) -> None:
        """For the report section of the test, the summary of the run, and the folder."""
        trial, verdict = measured.trial, measured.verdict
        if self._keep:
            (out / "report.html").write_text(measured.result.html(), encoding="utf-8")
            (out / "result.json").write_text(measured.result.json(), encoding="utf-8")
        self._node.add_report_section("call", "browserconc", measured.result.text())
        self._node.user_properties.append(
            (
                PROPERTY,
                {
                    "strategy": trial.strategy,
                    "tabs": trial.tabs,
                    "at_once": measured.at_once,
                    "kind": verdict.kind,
                    "cause": verdict.cause,
                    "makespan_s": trial.makespan_ns / 1e9,
                },
            )
        )


@pytest.fixture(scope="session")
def _browserconc_endpoints() -> Iterator[LiveEndpoints]:
    from browserconc.lab.live_endpoints import LiveEndpoints  # noqa: PLC0415

    with LiveEndpoints() as endpoints:
        yield endpoints


@pytest.fixture
def concurrency(
    request: pytest.FixtureRequest,
    tmp_path_factory: pytest.TempPathFactory,
    _browserconc_endpoints: LiveEndpoints,
) -> ConcurrencyMeter:
    """Measures how many requests run at once: `concurrency.measure(url, n=10, strategy="tabs")`.

    What it returns has `assert_parallel(at_least=10)`, `assert_serial()`, `at_once`, `cause`, `result` and
    `assert_limit(6, cause="host-limit")`. In an asynchronous test it is `await concurrency.measure_async(…)`.
    """
    out = request.config.getoption("browserconc_out")
    name = re.sub(r"[^\w.-]+", "-", request.node.nodeid).strip("-")[-100:]
    folder = _free(Path(out).resolve() / name) if out else tmp_path_factory.mktemp("browserconc")
    return ConcurrencyMeter(request, _browserconc_endpoints, folder, keep=bool(out))


@pytest.fixture
def live_endpoint(_browserconc_endpoints: LiveEndpoints) -> Callable[..., LiveEndpoint]:
    """Starts the slow endpoint: `live_endpoint("gunicorn-sync:4").url(delay=0.5)`.

    Without a name on werkzeug-threaded, Flask's default. It runs on loopback until the session ends.
    """
    from browserconc.lab.servers import parse  # noqa: PLC0415
    from browserconc.outcome import in_one_sentence  # noqa: PLC0415
    from browserconc.sync import blocking  # noqa: PLC0415

    def start(server: str = DEFAULT_SERVER) -> LiveEndpoint:
        with in_one_sentence():
            return blocking(_browserconc_endpoints.start)(parse(server))

    return start


def _free(folder: Path) -> Path:
    """The folder, or where an earlier run left one of that name the next that is free."""
    number = 2
    free = folder
    while free.exists():
        free = folder.with_name(f"{folder.name}.{number}")
        number += 1
    return free


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """A line for every measurement, where there was one."""
    rows = [
        (report.nodeid, measured)
        for reports in terminalreporter.stats.values()
        for report in reports
        if getattr(report, "when", None) == "call"
        for name, measured in getattr(report, "user_properties", ())
        if name == PROPERTY
    ]
    if not rows:
        return
    terminalreporter.section("browserconc")
    for nodeid, measured in rows:
        at_once = "undecided" if measured["at_once"] is None else f"{measured['at_once']} at once"
        held = measured["cause"] and measured["at_once"] != measured["tabs"]
        cause = f", {measured['cause']}" if held else ""
        terminalreporter.write_line(
            f"{nodeid}: {measured['tabs']} by {measured['strategy']}: {at_once}{cause}, "
            f"{measured['makespan_s']:.2f} s"
        )
