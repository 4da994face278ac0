"""Which Playwright drives a Firefox that it did not build, over WebDriver BiDi.

Measured with Firefox ESR 153: up to 1.55 it does not start, 1.58 to 1.60 open no user-data-dir, 1.61 to
1.64 work, and 1.65 sends `emulation.setMediaFeaturesOverride` for every context, whatever its options
(BidiBrowserContext.initialize), which this Firefox answers with "unknown command". A newer Firefox
may know it.
"""

from __future__ import annotations

FIRST = (1, 61)
BEFORE = (1, 65)
ADVICE = "run `pip install 'playwright>=1.61,<1.65'`"
LACKING_COMMAND = "setMediaFeaturesOverride"


def is_driven_by(playwright: str) -> bool:
    """Whether that version of Playwright was seen to drive it."""
    numbers = tuple(int(part) for part in playwright.split(".")[:2] if part.isdigit())
    return FIRST <= numbers < BEFORE
