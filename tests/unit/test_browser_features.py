"""One --disable-features switch holds Playwright's list, ours and the user's."""

import re
from pathlib import Path

import playwright

from browserconc.lab.browser_features import with_disabled_features


def test_features_the_user_disables_join_the_list():
    switches = with_disabled_features(["--disable-features=HappyEyeballsV3", "--mute-audio"])
    lists = [switch for switch in switches if switch.startswith("--disable-features=")]
    assert len(lists) == 1
    assert lists[0].endswith(",HappyEyeballsV3")
    assert "WebUIOmniboxPopup" in lists[0]
    assert "--mute-audio" in switches


def test_our_copy_of_playwrights_list_is_that_of_the_installed_playwright():
    driver = Path(playwright.__file__).parent / "driver/package/lib"
    source = next(driver.rglob("coreBundle.js"), None)
    assert source, "Playwright keeps its list elsewhere now: look for disabledFeatures"
    listed = re.search(r"disabledFeatures = \[(.*?)\]", source.read_text(encoding="utf-8"), re.DOTALL)
    assert listed
    ours = with_disabled_features([])[0].partition("=")[2].split(",")
    assert set(re.findall(r'"(\w+)"', listed[1])) <= set(ours)
