"""The chosen setting as code, for the libraries that people crawl with.

Each says at how many pages per second it was measured: as it loads its pages (in a tab that is reused,
in a new tab, in a new context), not as another library does.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from browserconc.model.tuning import Advice, Lifetime, Setting


@dataclass(frozen=True, slots=True)
class Settings:
    """Code for one library. `pages_per_s` is None where its way to load pages was not measured."""

    crawler: str
    code: str
    pages_per_s: float | None


_LIFETIMES: Mapping[Lifetime, str] = MappingProxyType(
    {"tab": "tabs are reused", "context": "a new tab per page", "browser": "a new context per page"}
)


def settings(advice: Advice) -> tuple[Settings, ...]:
    """One for each library; none where nothing was chosen."""
    if advice.chosen is None:
        return ()
    chosen = advice.chosen.setting
    recycle = advice.wear.recycle_after if advice.wear else None
    return tuple(_one(name, advice, chosen, recycle) for name in _LIBRARIES)


def _one(name: str, advice: Advice, setting: Setting, recycle: int | None) -> Settings:
    lifetime, comment, code = _LIBRARIES[name](setting, recycle)
    rate = _rate(advice, lifetime)
    said = f"{rate:.1f} pages/s measured" if rate is not None else "not measured"
    return Settings(name, f"{comment} {said} ({_LIFETIMES[lifetime]})\n{code}", rate)


def _rate(advice: Advice, lifetime: Lifetime) -> float | None:
    assert advice.chosen
    if lifetime == "tab":
        return advice.chosen.pages_per_s
    found = (one for one in advice.variations if one.lifetime == lifetime and one.cache)
    return next((one.ratio * advice.chosen.pages_per_s for one in found), None)


Written = tuple[Lifetime, str, str]


def _playwright_python(setting: Setting, recycle: int | None) -> Written:
    code = f"""\
browsers = [await playwright.chromium.launch() for _ in range({setting.browsers})]
contexts = [await b.new_context() for b in browsers for _ in range({setting.contexts})]
pages = [await c.new_page() for c in contexts for _ in range({setting.tabs})]
# one task per page: `while urls: await page.goto(urls.pop())`{_recycled(recycle, "; ")}"""
    return "tab", "#", code


def _playwright_node(setting: Setting, recycle: int | None) -> Written:
    code = f"""\
const times = (n, make) => Promise.all(Array.from({{ length: n }}, make));
const browsers = await times({setting.browsers}, () => chromium.launch());
const inEach = async (all, n, make) => (await Promise.all(all.map(x => times(n, () => make(x))))).flat();
const contexts = await inEach(browsers, {setting.contexts}, b => b.newContext());
const pages = await inEach(contexts, {setting.tabs}, c => c.newPage());
// one loop per page: `while (urls.length) await page.goto(urls.pop())`{_recycled(recycle, "; ")}"""
    return "tab", "//", code


def _puppeteer_cluster(setting: Setting, recycle: int | None) -> Written:
    word = {"PAGE": "PAGE", "CONTEXT": "CONTEXT", "BROWSER": "BROWSER"}[setting.unit]
    if setting.browsers > 1:
        word = "BROWSER"
    elif setting.contexts > 1:
        word = "CONTEXT"
    code = f"""\
const cluster = await Cluster.launch({{
  concurrency: Cluster.CONCURRENCY_{word}, maxConcurrency: {setting.total},
}});"""
    return ("context" if word == "PAGE" else "browser"), "//", code


def _crawlee_python(setting: Setting, recycle: int | None) -> Written:
    apart = setting.tabs == 1 and setting.contexts > 1
    retire = f", retire_browser_after_page_count={recycle * setting.total}" if recycle else ""
    code = f"""\
plugin = PlaywrightBrowserPlugin(
    max_open_pages_per_browser={setting.contexts * setting.tabs}, use_incognito_pages={apart}
)
crawler = PlaywrightCrawler(
    browser_pool=BrowserPool([plugin]{retire}),
    concurrency_settings=ConcurrencySettings(
        min_concurrency={setting.total}, max_concurrency={setting.total}, desired_concurrency={setting.total}
    ),
)"""
    return ("browser" if apart else "context"), "#", code


def _crawlee_js(setting: Setting, recycle: int | None) -> Written:
    apart = setting.tabs == 1 and setting.contexts > 1
    retire = f", retireBrowserAfterPageCount: {recycle * setting.total}" if recycle else ""
    code = f"""\
const crawler = new PlaywrightCrawler({{
  minConcurrency: {setting.total}, maxConcurrency: {setting.total},
  launchContext: {{ useIncognitoPages: {str(apart).lower()} }},
  browserPoolOptions: {{ maxOpenPagesPerBrowser: {setting.contexts * setting.tabs}{retire} }},
}});"""
    return ("browser" if apart else "context"), "//", code


def _scrapy_playwright(setting: Setting, recycle: int | None) -> Written:
    contexts = setting.browsers * setting.contexts
    several = (
        f"\n# and in each request: meta={{'playwright_context': str(n % {contexts})}}" if contexts > 1 else ""
    )
    code = f"""\
CONCURRENT_REQUESTS = CONCURRENT_REQUESTS_PER_DOMAIN = {setting.total}
PLAYWRIGHT_MAX_CONTEXTS = {contexts}
PLAYWRIGHT_MAX_PAGES_PER_CONTEXT = {setting.tabs}{several}"""
    return "context", "#", code


def _recycled(recycle: int | None, before: str) -> str:
    return f"{before}a new context after {recycle} pages" if recycle else ""


_LIBRARIES: Mapping[str, Callable[[Setting, int | None], Written]] = MappingProxyType(
    {
        "playwright-python": _playwright_python,
        "playwright-node": _playwright_node,
        "puppeteer-cluster": _puppeteer_cluster,
        "crawlee-python": _crawlee_python,
        "crawlee-js": _crawlee_js,
        "scrapy-playwright": _scrapy_playwright,
    }
)
