"""What a caller's `User-Agent` and `Origin` become before anybody keeps or shows them: both are hostile input."""

from __future__ import annotations

import re
from functools import lru_cache

LONGEST_CLIENT, LONGEST_ORIGIN = 100, 200
LONGEST_READ = 512
OTHERS = "(other callers)"  # holds a space, which no client's name does
_TOKEN = r"[A-Za-z0-9!#$%&'*+.^_`|~-]"
# No product has a longer name, and every secret and token is longer: somebody might put one in the wrong header.
_PRODUCT = re.compile(rf"({_TOKEN}{{1,40}})(?!{_TOKEN})(?:/({_TOKEN}{{1,40}}))?")
_VERSION = re.compile(r"v?\d+(?:\.\d+)?")
# Every browser calls itself Mozilla; what it is comes later, and the more particular name wins.
_BROWSERS = tuple(re.compile(rf"\b({name})/([\d.]{{1,20}})") for name in ("Edg", "OPR", "Firefox", "Chrome", "Safari"))


@lru_cache(maxsize=1024)
def client_name(user_agent: str) -> str:
    """Shorten a User-Agent to product and version, such as `python-requests/2.32`.

    user_agent   as the caller sent it
    returns      at most 100 printable ASCII characters without spaces; "" when nothing can be made of it
    source       RFC 9110 §10.1.5
    """
    text = user_agent[:LONGEST_READ].strip()
    match = _PRODUCT.match(text)
    if match is None:
        return ""
    if match[1] == "Mozilla":
        match = next((found for browser in _BROWSERS if (found := browser.search(text))), match)
    version = _VERSION.match(match[2] or "")
    # Patch levels would make a new caller of every upgrade.
    return f"{match[1]}/{version[0]}"[:LONGEST_CLIENT] if version is not None else match[1]


def origin_name(origin: str) -> str:
    """Cut an Origin to its first 200 characters; what is not printable ASCII becomes `?`."""
    return "".join(letter if "!" <= letter <= "~" else "?" for letter in origin[:LONGEST_ORIGIN])
