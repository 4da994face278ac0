"""One --disable-features switch holds Playwright's list, ours and the user's."""

from browserconc.lab.browser_features import with_disabled_features


def test_features_the_user_disables_join_the_list():
    switches = with_disabled_features(["--disable-features=HappyEyeballsV3", "--mute-audio"])
    lists = [switch for switch in switches if switch.startswith("--disable-features=")]
    assert len(lists) == 1
    assert lists[0].endswith(",HappyEyeballsV3")
    assert "WebUIOmniboxPopup" in lists[0]
    assert "--mute-audio" in switches
