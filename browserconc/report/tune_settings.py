"""The chosen setting as code, for the libraries that people crawl with.

Each says at how many pages per second it was measured: as it loads its pages (in a tab that is reused,
in a new tab, in a new context), not as another library does.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from browserconc.model.tuning import Advice, Lifetime, Setting, Tuning


@dataclass(frozen=True, slots=True)
class Settings:
    """Code for one library. `pages_per_s` is None where its way to load pages was not measured."""

    crawler: str
    code: str
    pages_per_s: float | None


_LIFETIMES: Mapping[Lifetime, str] = MappingProxyType(
    {"tab": "tabs are reused", "context": "a new tab per page", "browser": "a new context per page"}
)


@dataclass(frozen=True, slots=True)
class _Wanted:
    """What the code has to say: the setting, after how many pages a context is worn, and the proxies."""

    setting: Setting
    recycle: int | None
    proxies: tuple[str, ...]


def settings(tuned: Tuning) -> tuple[Settings, ...]:
    """One for each library; none where nothing was chosen."""
    advice = tuned.advice
    if advice.chosen is None:
        return ()
    recycle = advice.wear.recycle_after if advice.wear else None
    wanted = _Wanted(advice.chosen.setting, recycle, tuned.proxies)
    return tuple(_one(name, tuned, wanted) for name in _LIBRARIES)


def _one(name: str, tuned: Tuning, wanted: _Wanted) -> Settings:
    lifetime, comment, code = _LIBRARIES[name](wanted)
    rate = _rate(tuned.advice, lifetime)
    said = f"{rate:.1f} pages/s measured" if rate is not None else "not measured"
    if rate is not None and len(tuned.hosts) > 1:
        said += f" on {len(tuned.hosts)} hosts together"
    return Settings(name, f"{comment} {said} ({_LIFETIMES[lifetime]})\n{code}", rate)


def _rate(advice: Advice, lifetime: Lifetime) -> float | None:
    assert advice.chosen
    if lifetime == "tab":
        return advice.chosen.pages_per_s
    found = (one for one in advice.variations if one.lifetime == lifetime and one.cache)
    return next((one.ratio * advice.chosen.pages_per_s for one in found), None)


Written = tuple[Lifetime, str, str]


def _playwright_python(wanted: _Wanted) -> Written:
    setting, before, proxy = wanted.setting, "", ""
    if wanted.proxies:
        servers = _listed(wanted, '{{"server": {}}}')
        before = f"proxies = itertools.cycle([{servers}])\n"
        proxy = "proxy=next(proxies)"
    code = f"""\
{before}browsers = [await playwright.chromium.launch() for _ in range({setting.browsers})]
contexts = [await b.new_context({proxy}) for b in browsers for _ in range({setting.contexts})]
pages = [await c.new_page() for c in contexts for _ in range({setting.tabs})]
# one task per page: `while urls: await page.goto(urls.pop())`{_recycled(wanted.recycle, "; ")}"""
    return "tab", "#", code


def _playwright_node(wanted: _Wanted) -> Written:
    setting, before, proxy = wanted.setting, "", ""
    if wanted.proxies:
        before = f"const proxies = [{_listed(wanted)}];\nlet given = 0;\n"
        proxy = "{ proxy: { server: proxies[given++ % proxies.length] } }"
    code = f"""\
{before}const times = (n, make) => Promise.all(Array.from({{ length: n }}, make));
const browsers = await times({setting.browsers}, () => chromium.launch());
const inEach = async (all, n, make) => (await Promise.all(all.map(x => times(n, () => make(x))))).flat();
const contexts = await inEach(browsers, {setting.contexts}, b => b.newContext({proxy}));
const pages = await inEach(contexts, {setting.tabs}, c => c.newPage());
// one loop per page: `while (urls.length) await page.goto(urls.pop())`{_recycled(wanted.recycle, "; ")}"""
    return "tab", "//", code


def _puppeteer_cluster(wanted: _Wanted) -> Written:
    setting = wanted.setting
    word: str = setting.unit
    if setting.browsers > 1:
        word = "BROWSER"
    elif setting.contexts > 1:
        word = "CONTEXT"
    proxy = ""
    if wanted.proxies:
        first = json.dumps(f"--proxy-server={wanted.proxies[0]}")
        proxy = f"\n  puppeteerOptions: {{ args: [{first}] }}, // one for all contexts of a browser"
    code = f"""\
const cluster = await Cluster.launch({{
  concurrency: Cluster.CONCURRENCY_{word}, maxConcurrency: {setting.total},{proxy}
}});"""
    return ("context" if word == "PAGE" else "browser"), "//", code


def _crawlee_python(wanted: _Wanted) -> Written:
    setting, recycle = wanted.setting, wanted.recycle
    apart = setting.tabs == 1 and setting.contexts > 1
    retire = f", retire_browser_after_page_count={recycle * setting.total}" if recycle else ""
    proxy = ""
    if wanted.proxies:
        proxy = f"\n    proxy_configuration=ProxyConfiguration(proxy_urls=[{_listed(wanted)}]),"
    code = f"""\
plugin = PlaywrightBrowserPlugin(
    max_open_pages_per_browser={setting.contexts * setting.tabs}, use_incognito_pages={apart}
)
crawler = PlaywrightCrawler(
    browser_pool=BrowserPool([plugin]{retire}),{proxy}
    concurrency_settings=ConcurrencySettings(
        min_concurrency={setting.total}, max_concurrency={setting.total}, desired_concurrency={setting.total}
    ),
)"""
    return ("browser" if apart else "context"), "#", code


def _crawlee_js(wanted: _Wanted) -> Written:
    setting, recycle = wanted.setting, wanted.recycle
    apart = setting.tabs == 1 and setting.contexts > 1
    retire = f", retireBrowserAfterPageCount: {recycle * setting.total}" if recycle else ""
    proxy = ""
    if wanted.proxies:
        proxy = f"\n  proxyConfiguration: new ProxyConfiguration({{ proxyUrls: [{_listed(wanted)}] }}),"
    code = f"""\
const crawler = new PlaywrightCrawler({{
  minConcurrency: {setting.total}, maxConcurrency: {setting.total},{proxy}
  launchContext: {{ useIncognitoPages: {str(apart).lower()} }},
  browserPoolOptions: {{ maxOpenPagesPerBrowser: {setting.contexts * setting.tabs}{retire} }},
}});"""
    return ("browser" if apart else "context"), "//", code


def _scrapy_playwright(wanted: _Wanted) -> Written:
    setting = wanted.setting
    contexts = setting.browsers * setting.contexts
    several, proxy = "", ""
    if contexts > 1:
        several = f"\n# and in each request: meta={{'playwright_context': str(n % {contexts})}}"
    if wanted.proxies:
        names = "str(n)" if contexts > 1 else "'default'"
        proxy = f"\nproxies = [{_listed(wanted)}]\nPLAYWRIGHT_CONTEXTS = {{\n"
        proxy += f"    {names}: {{'proxy': {{'server': proxies[n % len(proxies)]}}}}\n"
        proxy += f"    for n in range({contexts})\n}}"
    code = f"""\
CONCURRENT_REQUESTS = CONCURRENT_REQUESTS_PER_DOMAIN = {setting.total}
PLAYWRIGHT_MAX_CONTEXTS = {contexts}
PLAYWRIGHT_MAX_PAGES_PER_CONTEXT = {setting.tabs}{proxy}{several}"""
    return "context", "#", code


def _listed(wanted: _Wanted, each: str = "{}") -> str:
    """The proxies as a list's content that Python and JavaScript read alike."""
    return ", ".join(each.format(json.dumps(proxy)) for proxy in wanted.proxies)


def _recycled(recycle: int | None, before: str) -> str:
    return f"{before}a new context after {recycle} pages" if recycle else ""


_LIBRARIES: Mapping[str, Callable[[_Wanted], Written]] = MappingProxyType(
    {
        "playwright-python": _playwright_python,
        "playwright-node": _playwright_node,
        "puppeteer-cluster": _puppeteer_cluster,
        "crawlee-python": _crawlee_python,
        "crawlee-js": _crawlee_js,
        "scrapy-playwright": _scrapy_playwright,
    }
)
