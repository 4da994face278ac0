"""Which of Chromium's features are off, so that the browser works for the tabs and nobody else.

Chromium obeys the last `--disable-features` only, so Playwright's own list is repeated here (it is in
`chromiumSwitches.ts`; those of 1.61 to 1.65); names that a version does not know are ignored. Nothing
here touches the network stack, the cache or its limits.
"""

from __future__ import annotations

from collections.abc import Sequence

_PLAYWRIGHTS = (
    "AvoidUnnecessaryBeforeUnloadCheckSync",
    "DestroyProfileOnBrowserClose",
    "HttpsUpgrades",
    "HttpsFirstBalancedModeAutoEnable",
    "LensOverlay",
    "MediaRouter",
    "PaintHolding",
    "ThirdPartyStoragePartitioning",
    "AvoidCorsURLLoaderRestartOnRedirect",
    "TcpPortRandomizationWin",
    "OptimizationHints",
    "NetworkTimeServiceQuerying",
    "AimEnabled",
    "PreconnectToSearch",
    "msForceBrowserSignIn",
    "msEdgeUpdateLaunchServicesPreferredVersion",
    # Of 1.61 to 1.64 only:
    "AutoDeElevate",
    "BlockOriginHeaderModificationOnRedirect",
    "BoundaryEventDispatchTracksNodeRemoval",
    "DialMediaRouteProvider",
    "GlobalMediaControls",
    "RenderDocument",
    "Translate",
)

_ADDRESS_BAR = ("WebUIOmniboxPopup", "WebUIOmniboxAimPopup")
"""Every window, and so every context, loads two pages of its own for the list below the address bar,
also in the headless mode that shows none. That is a renderer and 0.5 s of CPU per context (Chromium
156: 6 s for ten contexts with it, 1.4 s without), just while the tabs are to be let go together."""

_SWITCH = "--disable-features="


def with_disabled_features(switches: Sequence[str]) -> list[str]:
    """The user's switches and our list; features that the user disables join it."""
    theirs = [switch.removeprefix(_SWITCH) for switch in switches if switch.startswith(_SWITCH)]
    others = [switch for switch in switches if not switch.startswith(_SWITCH)]
    return [*others, _SWITCH + ",".join((*_PLAYWRIGHTS, *_ADDRESS_BAR, *theirs))]
