"""A sheet as one HTML file that needs nothing else.

There is no script. Foreign text reaches the page only through Jinja's escaping, and a
Content-Security-Policy lets nothing load.
"""

from __future__ import annotations

from base64 import b64encode
from hashlib import sha256
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from browserconc.report.printable import printable
from browserconc.report.sheet import Sheet
from browserconc.report.wording import where

_PAGE = Path(__file__).parent / "page"


def render(sheet: Sheet, *, template: str = "sheet.html", **more: Any) -> str:
    """The page as HTML text that ends with a newline; `more` is what a template of its own wants."""
    style = "\n".join((_PAGE / name).read_text(encoding="utf-8") for name in ("style.css", "sheet.css"))
    environment = Environment(
        loader=FileSystemLoader(_PAGE),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=lambda value: printable(value) if type(value) is str else value,
    )
    digest = b64encode(sha256(style.encode()).digest()).decode()
    page = environment.get_template(template)
    return (
        page.render(
            sheet=sheet, where=where(sheet.environment), style=style, style_hash=f"'sha256-{digest}'", **more
        )
        + "\n"
    )
