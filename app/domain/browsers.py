"""What browsers call themselves, said so that people recognise them."""

from __future__ import annotations

import re

# In this order: a browser names those it is like as well.
_BROWSERS = (("Edg", "Edge"), ("OPR", "Opera"), ("Firefox", "Firefox"), ("Chrome", "Chrome"), ("Version", "Safari"))
_SYSTEMS = (
    ("Android", "Android"),
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Windows", "Windows"),
    ("Mac OS X", "macOS"),
    ("CrOS", "ChromeOS"),
    ("Linux", "Linux"),
)
SHORTENED = 40


def browser_name(user_agent: str) -> str:
    """Say a browser and its system; what is no known browser as it calls itself.

    user_agent   the header, such as `Mozilla/5.0 (X11; Linux x86_64) ... Chrome/141.0.0.0 Safari/537.36`
    returns      such as `Chrome 141, Linux`
    """
    system = next((name for sign, name in _SYSTEMS if sign in user_agent), "")
    for sign, name in _BROWSERS:
        found = re.search(rf"\b(?:Headless)?{sign}/(\d+)", user_agent)
        if found is not None and (name != "Safari" or "Safari/" in user_agent):
            return f"{name} {found[1]}{f', {system}' if system else ''}"
    return user_agent[:SHORTENED]
