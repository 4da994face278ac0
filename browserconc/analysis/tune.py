"""The search for a crawler's best setting: asks for windows, is given them, ends in an advice.

It measures nothing and knows no clock: `browserconc/tuning.py` runs what it asks for, on this machine or
on others. The story is in `tune`: every unit grows geometrically until one more step cannot pay, then
the settings around the best one and the predicted knee are tried, then the best few take turns, since
windows a few seconds apart differ more by what else the machine does than good settings differ.
"""

from __future__ import annotations

from collections.abc import Generator, Iterable
from dataclasses import dataclass, field, replace

from browserconc.analysis import tune_advice as advice
from browserconc.analysis.tune_points import VARIATIONS, Seen, best, beyond, merit, points
from browserconc.analysis.tune_rivals import choose, rivals
from browserconc.model.tuning import UNITS, Advice, Ask, Ceiling, Point, Setting, Unit, Window

Asking = Generator[Ask, Window, None]

PAYS = 1.05
"""A doubling that brings less than five per cent does not pay."""
CURVE_FROM = 16
"""The fitted curve has a say from five doublings on: before, it has three unknowns for as many points."""
GROWTH_SHARE: dict[Unit, float] = {"CONTEXT": 0.5, "PAGE": 0.45, "BROWSER": 0.35}
PROBE_SHARE, COMPARE_SHARE, VARY_SHARE = 0.7, 0.88, 0.98
"""How much of the budget may be spent at the end of each part; what is left is for one that takes longer."""
PROBES = 5
"""So many are tried around the best: where pages are fast, more would leave none of the turns their time."""
WINDOW_SHARE = 0.02
"""One window's part of the budget: 1.2 s of 60 s."""
TURN_SHARE = 0.05
"""A turn's: longer, for all tabs have to begin and to end, which takes as long as two pages of each."""
LEAST_PAGE_TIMES = 2.5
"""A window lasts for so many pages at least, for each tab's share of a page is counted at its ends."""
MORE_PAGE_TIMES = 1.5
DEAR = {"observed": 1.5, "no proxies": 3.0, "context": 1.5, "browser": 3.0}
"""How often the cost of the plain setting: a trace to be read; all contexts anew, and back; one per page."""
TELLING = 4
FIRST: dict[Unit, int] = {"CONTEXT": 1, "PAGE": TELLING, "BROWSER": 2}
BEHIND = 0.8
"""A unit that gives less than this of what another gives with as many tabs grows no further."""


def tune(first: Setting, ceiling: Ceiling) -> Generator[Ask, Window, Advice]:
    """The whole search, from `first` (the smallest of its unit) up to what `ceiling` allows.

    `advice.advise(seen, ceiling)` says the same of any part of it, when it is cut short.
    """
    search = _Search(ceiling)
    for unit in UNITS:
        yield from search.grow(unit, max(first.total, FIRST[unit]))
        if search.leading() is None:  # what one tab fails in more tabs fail in, too
            break
    yield from search.probe()
    yield from search.compare()
    yield from search.vary()
    return advice.advise(search.seen, ceiling, search.stopped)


@dataclass(slots=True)
class _Search:
    ceiling: Ceiling
    seen: list[Seen] = field(default_factory=list)
    stopped: dict[Unit, str] = field(default_factory=dict)
    behind: set[Unit] = field(default_factory=set)

    def grow(self, unit: Unit, first: int) -> Asking:
        """Doubles the tabs of one unit until a limit is reached or doubling does not pay."""
        n, most, vain = first, 0.0, 0
        tried: list[int] = []
        while True:
            setting = Setting.of(unit, n)
            reason = (
                self._too_far(setting) or self._too_dear(setting, GROWTH_SHARE[unit]) if self.seen else None
            )
            if not reason:
                yield from self._ask(setting, "grow")
                tried.append(n)
                point = self._point(setting)
                reason = beyond(point, self.ceiling) or self.seen[-1][1].pressure.said
                worth = merit(point, self.ceiling)
                vain = vain + 1 if worth < PAYS * most else 0
                patience = 2 if (point.others_share or 0) > advice.DISTURBED else 1
                most = max(most, worth)
                if not reason and vain >= patience:
                    reason = f"{n} tabs bring no more than {tried[-1 - vain]}"
                elif not reason and (other := self._ahead(point)):
                    reason = f"{n} tabs bring {'no more' if unit == 'BROWSER' else 'less'} than {other} does"
                    self.behind.add(unit)
                elif not reason and not self._can_pay(unit, point, most):
                    reason = f"by the fitted curve {2 * n} tabs bring no more than {n}"
            if reason:
                self.stopped[unit] = reason
                return
            n = self._doubled(unit, n)

    def _doubled(self, unit: Unit, n: int) -> int:
        """Twice as many; of browsers all there are, if that is less."""
        most = self.ceiling.most_browsers if unit == "BROWSER" else None
        return 2 * n if most is None or n >= most else min(2 * n, most)

    def _can_pay(self, unit: Unit, point: Point, most: float) -> bool:
        """Whether the fitted curve, once there are enough points for it, lets a doubling pay."""
        law = advice.fitted(self.seen, self.ceiling, unit)
        if law is None or self.ceiling.goal != "throughput" or point.setting.total < CURVE_FROM:
            return True
        return law.rate(2 * point.setting.total) >= PAYS * most

    def _ahead(self, point: Point) -> Unit | None:
        """The unit that does much better with as many tabs, of which there are enough to tell.

        Browsers have to do better than all others: each costs the most memory and time to start, and two of
        them with several contexts are tried around the best setting.
        """
        if point.setting.total < TELLING:
            return None
        known = points(self.seen, self.ceiling)
        mine, total = merit(point, self.ceiling), point.setting.total
        least = PAYS if point.setting == Setting.of("BROWSER", total) else BEHIND
        for unit in UNITS:
            other = known.get(Setting.of(unit, total))
            if other and other.setting != point.setting and mine < least * merit(other, self.ceiling):
                return unit
        return None

    def probe(self) -> Asking:
        """Tries what lies around the best setting and the predicted knee."""
        tried = {ask.setting for ask, _ in self.seen}
        left = PROBES
        for _ in range(2):  # around the best of the growth, then around the best of that
            if (best := self.leading()) is None:
                return
            for setting in self._around(best.setting):
                if (
                    setting in tried
                    or self._too_far(setting)
                    or self._too_dear(setting, PROBE_SHARE, purpose="probe")
                ):
                    continue
                if not left:
                    return
                left -= 1
                tried.add(setting)
                yield from self._ask(setting, "probe")

    def compare(self) -> Asking:
        """The best few take turns: the next one is whose rate may be the highest, as far as is known.

        One that was merely lucky falls behind by its turns; one that is behind for sure has none.
        """
        while (setting := self._next_turn()) is not None:
            if self._too_dear(setting, COMPARE_SHARE, opened=True, purpose="compare"):
                return
            yield from self._ask(setting, "compare", alone=False)

    def vary(self) -> Asking:
        """What the chosen setting waits for, and what reuse and the cache are worth there."""
        if (chosen := choose(self.seen, self.ceiling)) is None:
            return
        setting = chosen.setting
        for purpose, change in VARIATIONS:
            if change.get("many_sites") and not self.ceiling.own_pages:
                continue
            if not change.get("proxied", True) and not self.ceiling.compare_direct:
                continue
            factor = DEAR.get(purpose) or DEAR.get(str(change.get("lifetime")), 1.0)
            if not self._too_dear(setting, VARY_SHARE, opened=True, factor=factor):
                yield from self._ask(setting, purpose, alone=False, **change)

    def _ask(self, setting: Setting, purpose: str, **how: object) -> Asking:
        if purpose == "grow" and any(ask.setting == setting for ask, _ in self.seen):
            return  # one tab is the same in every unit
        asked = Ask(setting, self._window_ns(setting, purpose), purpose, **how)  # type: ignore[arg-type]
        window = yield asked
        self.seen.append((asked, window))

    def _window_ns(self, setting: Setting, purpose: str) -> int:
        """Long enough for several pages of one tab, and for one and a half of this setting's.

        Every tab loads a page before and after it: short windows cost more than they tell.
        """
        known = points(self.seen, self.ceiling)
        alone, mine = known.get(Setting()), known.get(setting)
        return max(
            round(self.ceiling.budget_ns * (TURN_SHARE if purpose in {"probe", "compare"} else WINDOW_SHARE)),
            round(LEAST_PAGE_TIMES * alone.p50_ns) if alone else 0,
            round(MORE_PAGE_TIMES * mine.p50_ns) if mine else 0,
        )

    def _point(self, setting: Setting) -> Point:
        return points(self.seen, self.ceiling)[setting]

    def leading(self) -> Point | None:
        """The best so far of those that keep to every constraint."""
        return best(points(self.seen, self.ceiling).values(), self.ceiling)

    def _around(self, best: Setting) -> Iterable[Setting]:
        """What differs from `best` in one thing, beginning with what most often was better."""
        n = best.total
        if best.browsers < self.ceiling.places:  # on another machine there are other processors
            yield replace(best, browsers=self.ceiling.places)
        yield _of_total(best, round(n * 1.5))
        if best.contexts >= 2:  # a context of two tabs costs less than two contexts, and its tabs hardly meet
            yield replace(best, contexts=best.contexts // 2, tabs=2 * best.tabs)
        if best.contexts >= 4:  # beside other programs two browsers get more of the processors than one
            yield replace(best, browsers=2 * best.browsers, contexts=best.contexts // 2)
        if (law := advice.fitted(self.seen, self.ceiling, best.unit)) and law.knee:
            knee = round(law.knee)
            if n / 2 < knee < 2 * n:
                yield _of_total(best, knee)
        if "PAGE" not in self.behind:  # tabs of one context take the least memory
            yield Setting.of("PAGE", n)
        if n >= 4:
            yield _of_total(best, round(n * 0.75))

    def _next_turn(self) -> Setting | None:
        """The one that may be worth most."""
        rival = max(rivals(self.seen, self.ceiling), key=lambda rival: rival.high, default=None)
        return rival.point.setting if rival else None

    def _too_far(self, setting: Setting) -> str | None:
        """Why this setting must not be tried at all."""
        if setting.total > self.ceiling.most_tabs:
            return f"more than {self.ceiling.most_tabs} tabs are not tried"
        most = self.ceiling.most_browsers
        if most is not None and setting.browsers > most:
            return "there is one browser only" if most == 1 else f"there are {most} browsers only"
        return advice.too_much_memory(self.seen, setting, self.ceiling)

    def _too_dear(
        self, setting: Setting, share: float, *, opened: bool = False, factor: float = 1.0, purpose: str = ""
    ) -> str | None:
        """Whether the budget's share would not hold it, by what the most similar one took."""
        spent = sum(window.took_ns for _, window in self.seen) + self.ceiling.closing_ns
        # The first window's cost holds the start of everything, which does not come again.
        like = [(ask.setting.total, window) for ask, window in self.seen[1:] if ask.alone != opened]
        overhead = 0.0
        if like:
            total, window = min(like, key=lambda pair: abs(pair[0] - setting.total))
            overhead = (window.took_ns - window.window_ns) * max(1.0, setting.total / total)
        cost = factor * (self._window_ns(setting, purpose) + overhead)
        return "the budget is used up" if spent + cost > share * self.ceiling.budget_ns else None


def _of_total(like: Setting, total: int) -> Setting:
    """A setting of the same shape with about so many tabs: of its units the most numerous is multiplied."""
    browsers, contexts, tabs = like.browsers, like.contexts, like.tabs
    if tabs > contexts:
        return Setting(browsers, contexts, max(1, round(total / (browsers * contexts))))
    if contexts > 1 or browsers == 1:
        return Setting(browsers, max(1, round(total / (browsers * tabs))), tabs)
    return Setting(max(1, round(total / tabs)), 1, tabs)
