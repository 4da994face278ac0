"""One file per log: how it is captured and how it is read into Tracks."""
