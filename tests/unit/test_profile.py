"""Run profiles: what ships loads, what nobody knows is refused with the nearest right word."""

from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from browserconc import profile
from browserconc.lab.strategies import STRATEGIES
from browserconc.profile import UsageError

SHIPPED = [name for name, _ in profile.names()]


def refusal(**overrides: object) -> str:
    with pytest.raises(UsageError) as caught:
        profile.plan(**overrides)
    return str(caught.value)


def test_the_promised_profiles_ship():
    promised = "chrome-users forum-thread isolation-ladder same-url server-capacity six-per-host smoke"
    assert set(promised.split()) <= set(SHIPPED)


@pytest.mark.parametrize("name", SHIPPED)
def test_a_shipped_profile_becomes_a_plan(name: str):
    loaded = profile.load(name)
    plan = profile.plan(loaded)
    assert plan.profile == name
    assert 10 < len(loaded.description) <= 90
    assert len({trial.id for trial in plan.trials}) == len(plan.trials) > 1
    assert {trial.strategy for trial in plan.trials} == set(loaded.strategies)
    assert all(trial.timeout_s > trial.tabs * trial.delay_s for trial in plan.trials)


def test_the_forum_thread_is_the_threads_own_experiment():
    plan = profile.plan(profile.load("forum-thread"))
    assert [(t.strategy, t.server, t.tabs, t.delay_s) for t in plan.trials] == [
        ("raw-socket", "werkzeug-threaded", 10, 10.0),
        ("tabs", "werkzeug-threaded", 10, 10.0),
    ]
    assert min(trial.timeout_s for trial in plan.trials) > 100


def test_compare_runs_unasked_what_starts_quickly():
    trials = profile.plan().trials
    assert [t.id for t in trials] == ["raw-socket", "tabs", "tabs-distinct", "tabs-hosts", "contexts"]
    assert {(t.tabs, t.delay_s, t.server, t.repeat) for t in trials} == {(10, 0.5, "werkzeug-threaded", 1)}


def test_all_and_default_are_words():
    everything = [trial.strategy for trial in profile.plan(strategies="all").trials]
    assert {"user-data-dirs", "browsers", "incognito"} < set(everything)
    assert everything[0] == "raw-socket"
    assert profile.plan(strategies="default") == profile.plan()


def test_options_win_over_the_profile_and_none_means_not_given():
    smoke = profile.load("smoke")
    plan = profile.plan(smoke, tabs=4, delay=None, server="gunicorn-sync:4", headed=True)
    assert {(t.tabs, t.delay_s, t.server) for t in plan.trials} == {(4, smoke.delay, "gunicorn-sync:4")}
    assert plan.browsers[0].headed


def test_several_servers_and_repeats_have_ids_that_are_file_names():
    plan = profile.plan(servers=["gunicorn-gthread:2x4", "gevent"], strategies="tabs,contexts", repeat=2)
    ids = [trial.id for trial in plan.trials]
    assert ids[:3] == ["tabs.gunicorn-gthread-2x4.1", "contexts.gunicorn-gthread-2x4.1", ids[2]]
    assert len(set(ids)) == 8
    assert not set("".join(ids)) & set('/\\:*?"<>| ')


def test_a_server_named_twice_runs_once():
    plan = profile.plan(servers=["gunicorn-sync", "gunicorn-sync:4", "gevent"], strategies="raw-socket")
    assert [trial.server for trial in plan.trials] == ["gunicorn-sync:4", "gevent"]


def test_a_profile_of_ones_own(tmp_path: Path):
    own = tmp_path / "mine.toml"
    own.write_text('server = "gevent"\nstrategies = "all"\ntimeout = 5\n')
    plan = profile.plan(profile.load(own))
    assert plan.profile == "mine"
    assert {trial.timeout_s for trial in plan.trials} == {5.0}


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"tab = 3", 'There is no key "tab"; did you mean "tabs"?'),
        (b"tabs = 3\ntabs = 4", "is not TOML"),
        (b"\xff\xfe", "is not TOML"),
        (b"delay = nan", "delay must be 0 to 600"),
        (b"tabs = true", "tabs must be a whole number"),
        (b"server = 'gevent'\nservers = ['gevent']", "one setting"),
        (b"strategies = []", "at least one"),
        (b"strategies = 3", "must be a list of names"),
        (b"[tabs]\nmany = 1", "tabs must be a whole number"),
        (b"headed = 'yes'", "headed must be true or false"),
    ],
)
def test_a_profile_that_is_wrong_is_refused_by_its_name(tmp_path: Path, content: bytes, expected: str):
    own = tmp_path / "own.toml"
    own.write_bytes(content)
    with pytest.raises(UsageError) as caught:
        profile.load(own)
    assert str(own) in str(caught.value)
    assert expected in str(caught.value)


def test_unknown_and_unreadable_profiles(tmp_path: Path):
    with pytest.raises(UsageError, match=r'no profile "forum-tread"; did you mean "forum-thread"\?'):
        profile.load("forum-tread")
    with pytest.raises(UsageError, match="cannot be read"):
        profile.load(tmp_path / "missing.toml")
    with pytest.raises(UsageError, match="cannot be read"):
        profile.load(tmp_path)


@pytest.mark.parametrize(
    ("overrides", "expected"),
    [
        ({"strategies": "tabs,contxts"}, 'no strategy "contxts"; did you mean "contexts"?'),
        ({"server": "gunicorn-gthred:2x4"}, "did you mean gunicorn-gthread?"),
        ({"server": "gunicorn-sync:0"}, "size"),
        ({"browser": "chromum"}, 'did you mean "chromium"?'),
        ({"evidence": ["netlock"]}, 'did you mean "netlog"?'),
        ({"evidence": "netlog,none"}, 'either "none" or a list of netlog, trace, cdp'),
        ({"switches": ["headless"]}, "begin with --, not 'headless'"),
        ({"switches": "--a"}, "must be a list"),
        ({"switches": ["--user-data-dir=x"]}, "--user-data-dir, which every browser gets from us"),
        ({"delai": 1}, 'no key "delai"; did you mean "delay"?'),
        ({"tabs": 0}, "tabs must be 1 to 1000, not 0."),
        ({"tabs": 10_000}, "raw-socket alone takes up to 10000"),
        ({"tabs": 10_001, "strategies": "raw-socket"}, "tabs must be 1 to 10000"),
        ({"delay": -1}, "delay must be 0 to 600 seconds, not -1"),
        ({"repeat": 0}, "repeat must be 1 to 1000"),
        ({"timeout": 0}, "timeout must be more than 0"),
        ({"timeout": float("nan")}, "timeout must be more than 0"),
    ],
)
def test_refusals_name_the_nearest_or_the_range(overrides: dict[str, object], expected: str):
    assert expected in refusal(**overrides)


def test_raw_sockets_alone_come_by_the_thousand():
    assert profile.plan(tabs=10_000, strategies="raw-socket").trials[0].tabs == 10_000


def test_a_browser_may_be_a_path():
    assert profile.plan(browser="/opt/chrome/chrome").browsers[0].name == "/opt/chrome/chrome"


@given(
    tabs=st.integers(1, 1000),
    delay=st.floats(0, 600),
    repeat=st.integers(1, 20),
    strategies=st.lists(st.sampled_from(list(STRATEGIES)), min_size=1),
    servers=st.lists(st.sampled_from(["gevent", "werkzeug-single", "gunicorn-sync:4"]), min_size=1),
)
def test_whatever_is_in_range_becomes_one_trial_each(
    tabs: int, delay: float, repeat: int, strategies: list[str], servers: list[str]
):
    plan = profile.plan(tabs=tabs, delay=delay, repeat=repeat, strategies=strategies, servers=servers)
    assert len(plan.trials) == len(set(strategies)) * len(set(servers)) * repeat
    assert len({trial.id for trial in plan.trials}) == len(plan.trials)
    assert all(trial.timeout_s > tabs * delay for trial in plan.trials)


def outcome(act: Callable[[], object]) -> str:
    """The refusal's sentence, or nothing where it was accepted; any other exception gets through."""
    try:
        act()
    except UsageError as problem:
        return str(problem)
    return ""


def test_several_browsers_share_the_raw_sockets():
    plan = profile.plan(browser="chromium,firefox", strategies="raw-socket,tabs")
    assert [browser.name for browser in plan.browsers] == ["chromium", "firefox"]
    assert [(trial.id, trial.browser) for trial in plan.trials] == [
        ("raw-socket", None),
        ("tabs.chromium", "chromium"),
        ("tabs.firefox", "firefox"),
    ]
    alike = profile.plan(browser="/a/chrome,/b/chrome", strategies="tabs")
    assert [trial.id for trial in alike.trials] == ["tabs.1-chrome", "tabs.2-chrome"]


def test_a_browser_that_others_started_is_observed_over_cdp():
    plan = profile.plan(cdp="http://127.0.0.1:9222")
    assert plan.evidence == ("trace",)
    assert plan.browsers[0].is_remote
    assert profile.plan(connect="ws://127.0.0.1:3000/", evidence="none").evidence == ()
    assert not profile.plan().browsers[0].is_remote


@pytest.mark.parametrize(
    "options",
    [
        {"cdp": "9222"},
        {"cdp": "http://"},
        {"cdp": "http://[::1"},
        {"connect": "http://127.0.0.1:3000"},
        {"connect": "ws://127.0.0.1:1", "cdp": "http://127.0.0.1:1"},
        {"cdp": "http://127.0.0.1:1", "browser": "chromium,chrome"},
        {"cdp": "http://127.0.0.1:1", "browser": "firefox"},
    ],
)
def test_an_address_that_is_none_is_refused(options):
    with pytest.raises(UsageError, match=r"address|only one|Only one"):
        profile.plan(**options)


@given(st.text(max_size=30), st.sampled_from(["strategies", "server", "browser", "evidence"]))
def test_any_text_is_known_or_refused(word: str, key: str):
    sentence = outcome(lambda: profile.plan(**{key: word}))
    assert not sentence or any(words in sentence for words in ("choices are", "Choose", "one", "write"))


@given(st.text(max_size=30))
def test_any_profile_name_is_known_or_refused(word: str):
    sentence = outcome(lambda: profile.load(word))
    refused = ("The choices are", "cannot be read", "is not TOML")
    assert word in SHIPPED or any(phrase in sentence for phrase in refused)


VALUES = st.one_of(st.booleans(), st.integers(), st.floats(), st.text(), st.lists(st.integers()))
EXTREMES = st.sampled_from([10**400, -(10**400), float("inf"), float("nan"), {}, b"", "10"])
KEYS = ["tabs", "delay", "repeat", "timeout", "headed", "strategies", "servers", "description"]


@given(st.one_of(VALUES, EXTREMES), st.sampled_from(KEYS))
def test_any_value_of_any_key_is_taken_or_refused(value: object, key: str):
    sentence = outcome(lambda: profile.plan(**{key: value}))
    assert not sentence or sentence.startswith((key, "There is no"))


def test_evidence_is_the_netlog_unless_others_or_none_are_named():
    assert profile.plan().evidence == ("netlog",)
    assert profile.plan(evidence="trace,cdp").evidence == ("trace", "cdp")
    assert profile.plan(evidence="none").evidence == ()


def test_switches_are_passed_on_as_they_are():
    switches = ("--enable-features=HappyEyeballsV3,Other", "--lang=de")
    assert profile.plan(switches=switches).browsers[0].switches == switches


def test_a_workload_is_looked_up_and_gives_its_trials_time():
    trial = profile.plan(None, workload="sse", tabs=4, delay=1.0).trials[0]
    assert (trial.workload, trial.timeout_s) == ("sse", 9.0)
    with pytest.raises(UsageError, match='did you mean "websocket"'):
        profile.plan(None, workload="websockets")


def test_a_version_of_http_asks_for_a_server_that_speaks_it():
    assert {trial.server for trial in profile.plan(None, http="2").trials} == {"hypercorn-h2"}
    with pytest.raises(UsageError, match="http 2 needs the server hypercorn-h2"):
        profile.plan(None, http="2", server="werkzeug-threaded")
    with pytest.raises(UsageError, match="no HTTP version"):
        profile.plan(None, http="3")
    assert "--disable-http2" in profile.plan(None, http="1.1", server="hypercorn-h2").browsers[0].switches


def test_stock_switches_are_a_browsers_choice():
    assert profile.plan(None, stock_switches=True).browsers[0].stock_switches
    assert not profile.plan(None).browsers[0].stock_switches
