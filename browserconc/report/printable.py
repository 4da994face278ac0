"""Foreign text made safe to print, and our own made fit for a terminal that is not UTF-8.

URLs, error texts and doubts may hold control characters, terminal escapes or bidirectional
overrides that would repaint the screen. They are shown as the escapes one would type.
"""

from __future__ import annotations

_TYPEWRITER = str.maketrans({"█": "#", "·": ".", "…": "..."})


def printable(text: str, encoding: str = "utf-8") -> str:
    """`text` on one line, with every character that cannot or must not be printed escaped.

    `encoding` is the terminal's; our own typography has a substitute in ASCII, such as `#` for `█`.
    """
    return "".join(_character(character, encoding) for character in text)


def _character(character: str, encoding: str) -> str:
    if not character.isprintable():
        return character.encode("unicode_escape").decode()
    if _fits(character, encoding):
        return character
    substitute = character.translate(_TYPEWRITER)
    return substitute.encode(encoding, "backslashreplace").decode(encoding)


def _fits(text: str, encoding: str) -> bool:
    try:
        text.encode(encoding)
    except UnicodeEncodeError:
        return False
    return True
