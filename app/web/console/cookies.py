"""The console's cookies. On loopback http they lose `__Host-` and `Secure`, or no browser would send them back."""

from __future__ import annotations

from http.cookies import CookieError, SimpleCookie

from app.settings import Settings
from app.web.request import Request

SESSION, HAND_OVER, HALFWAY, CHALLENGE, FORM = "session", "hand-over", "halfway", "challenge", "form"


def read(request: Request, name: str) -> str | None:
    """A cookie's value; None without it, or when the header is no list of cookies."""
    try:
        jar = SimpleCookie(request.header("Cookie") or "")
    except CookieError:
        return None
    found = jar.get(_name(request.ctx.settings, name))
    return found.value if found is not None and found.value else None


def given(settings: Settings, name: str, value: str, *, strict: bool = False) -> tuple[str, str]:
    """The header that gives a browser a cookie for as long as it runs; out of reach for scripts."""
    return _header(settings, name, value, strict=strict, end="")


def taken(settings: Settings, name: str, *, strict: bool = False) -> tuple[str, str]:
    """The header that takes a cookie away."""
    return _header(settings, name, "", strict=strict, end="; Max-Age=0")


def _header(settings: Settings, name: str, value: str, *, strict: bool, end: str) -> tuple[str, str]:
    secure = "; Secure" if _secure(settings) else ""
    same_site = "Strict" if strict else "Lax"
    return "Set-Cookie", f"{_name(settings, name)}={value}; Path=/; HttpOnly; SameSite={same_site}{secure}{end}"


def _name(settings: Settings, name: str) -> str:
    return f"__Host-{name}" if _secure(settings) else f"keyturn-{name}"


def _secure(settings: Settings) -> bool:
    return settings.console_base.startswith("https://")
