"""Two old releases of Flask, for real, each in an environment of its own.

`flask-0.12` is what the forum thread's author had: its `app.run()` asks Werkzeug for nothing, so one
request runs at a time. `flask-1.0` asks for threads. Both need an older Python than ours.
"""

from __future__ import annotations

from pathlib import Path

from browserconc.lab.server import Kind

_SCRIPT = str(Path(__file__).parent.parent / "old_flask.py")
_OF_ITS_TIME = ("werkzeug<1", "jinja2<3", "markupsafe<2", "itsdangerous<2", "click<8")

FLASK_0_12 = Kind(
    "flask-0.12",
    "single",
    _SCRIPT,
    (),
    wider="flask-1.0",
    requirements=("flask==0.12.*", *_OF_ITS_TIME),
    interface=None,
    backlog=128,
    websockets=False,
)
FLASK_1_0 = Kind(
    "flask-1.0",
    "threads",
    _SCRIPT,
    (),
    bounded=False,
    requirements=("flask==1.0.*", *_OF_ITS_TIME),
    interface=None,
    backlog=128,
    websockets=False,
)
