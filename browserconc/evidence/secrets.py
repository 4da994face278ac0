"""What must never reach a recording, and how it is blanked in a log that a browser wrote.

Chromium's default capture mode already strips the values of Cookie, Set-Cookie, Authorization and
Proxy-Authorization (net/log/net_log_util.h, ElideHeaderValueForNetLog) and logs no body. It keeps
every other header as it is, an `X-Api-Key` too. This is the second line: headers whose name says
that they are a credential, and the user and password in front of a host name.

A value is overwritten by as many asterisks, so lengths around it stay right in any format.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from urllib.parse import unquote

_CREDENTIAL_HEADER = re.compile(
    rb'("(?!SiteForCookies:)'
    rb"[\w-]*(?:cookie|auth(?!ority)|token|secret|api-?key|passw|credential|session)[\w-]*:[ ])"
    rb'((?:[^"\\]|\\.)+)(?=")',
    re.IGNORECASE,
)
_STRIPPED_BY_CHROMIUM = re.compile(rb"\[\d+ bytes were stripped\]")
_USER_AND_PASSWORD = re.compile(rb'(?<=://)[^/?#"\\\s@]+(?=@)')


def blank(json: bytes, headers: Collection[str] = ()) -> bytes:
    """The same bytes with every credential in them overwritten by asterisks.

    Headers are found as Chromium logs them: JSON strings of the form "Name: value". `headers` are the names
    of those that are secret though their names do not say so.
    """
    json = _CREDENTIAL_HEADER.sub(_blank_value, json)
    if headers:
        names = "|".join(re.escape(name) for name in headers)
        named = re.compile(rf'("(?:{names}): )((?:[^"\\]|\\.)+)(?=")'.encode(), re.IGNORECASE)
        json = named.sub(_blank_value, json)
    return _USER_AND_PASSWORD.sub(lambda found: b"*" * len(found[0]), json)


def _blank_value(found: re.Match[bytes]) -> bytes:
    if _STRIPPED_BY_CHROMIUM.fullmatch(found[2]):
        return found[0]
    return found[1] + b"*" * len(found[2])


LONGEST_URL = 500
_SECRET_NAME = re.compile(
    r"token|secret|passw|pwd|auth|credential|session|signature|jwt|api[-_]?key|(?:^|[-_.])(?:sid|sig|code|otp|pin)$|key$",
    re.IGNORECASE,
)
_PARAMETER = re.compile(r"([?&;#])([^=&;#]*)=([^&;#]*)")
_USERINFO = re.compile(r"(?<=://)[^/?#\s@]+(?=@)")


def masked(url: str) -> str:
    """An address fit to be printed and kept: secrets in it are `***`, and it is at most LONGEST_URL long.

    Secrets are user and password, and the values of parameters whose name says so (token, key, password,
    signature, …), also within an address that is itself a parameter. A data: address is all content.
    """
    if url[:5].lower() == "data:":
        return "data:***"
    url = url[: 8 * LONGEST_URL]
    if "@" in url:  # most addresses have neither, and a log has many of them
        url = _USERINFO.sub("***", url)
    if "=" in url:
        url = masked_parameters(url)
    return url if len(url) <= LONGEST_URL else f"{url[:LONGEST_URL]}…"


def masked_parameters(text: str) -> str:
    """The text with the value of every parameter masked whose name says that it is a secret."""
    return _PARAMETER.sub(_masked_parameter, text)


def _masked_parameter(found: re.Match[str]) -> str:
    before, name, value = found.groups()
    inner = unquote(unquote(value))
    nested = "://" in inner and ("@" in inner or masked_parameters(inner) != inner)
    hidden = value and (_SECRET_NAME.search(unquote(name)) or nested)
    return f"{before}{name}={'***' if hidden else value}"
