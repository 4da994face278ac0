"""Why don't my tabs run in parallel? Tabs, contexts and profiles against a raw-socket client."""

__version__ = "0.1.0"
