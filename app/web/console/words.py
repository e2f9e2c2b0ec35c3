"""How the console says things: translations, times, numbers."""

from __future__ import annotations

import gettext
import re
from datetime import date, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from markupsafe import Markup, escape

from app.domain.times import zone

_PLACEHOLDER = re.compile(r"(%\([a-z_]+\)[sd]|%%|<[^>]+>|&[a-z]+;)")
_ACCENTS = str.maketrans("aceinouyACEINOUY", "áçéíñóúýÁÇÉÍÑÓÚÝ")
PSEUDO = "en-XA"
WORD = 7  # letters and a space: what is added must wrap as words do
SECOND, MINUTE, HOUR, DAY = timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


class Pseudo(gettext.NullTranslations):
    """English with accents and a third more letters: shows what is not translated, and what breaks when it is."""

    def gettext(self, message: str) -> str:
        """Stretch one message, but for its placeholders and markup."""
        parts = _PLACEHOLDER.split(message)
        said = "".join(part if index % 2 else part.translate(_ACCENTS) for index, part in enumerate(parts))
        longer = len(message) // 3
        return f"[{said}{'~' * (longer % WORD)}{(' ' + '~' * (WORD - 1)) * (longer // WORD)}]"

    def ngettext(self, msgid1: str, msgid2: str, n: int) -> str:
        """Stretch the form that the number asks for."""
        return self.gettext(msgid1 if n == 1 else msgid2)


_ENGLISH, _PSEUDO = gettext.NullTranslations(), Pseudo()


class Say:
    """The words for templates: what is put in is escaped, what is said may hold markup of its own."""

    def __init__(self, words: gettext.NullTranslations) -> None:
        self._words = words

    def one(self, text: str, /, **put_in: object) -> Markup:
        """Say a sentence; a per cent sign of its own is doubled."""
        return _filled(self._words.gettext(text), put_in) if put_in else _plain(self._words, text)

    def some(self, one: str, several: str, num: int, /, **put_in: object) -> Markup:
        """Say a sentence in the form that a number asks for; it may name `num`."""
        return _filled(self._words.ngettext(one, several, num), {"num": f"{num:,}", **put_in})


def _filled(said: str, put_in: dict[str, object]) -> Markup:
    safe = {name: value if isinstance(value, int) else escape(value) for name, value in put_in.items()}
    return Markup(said % safe)  # noqa: S704 - sentences are ours, what is put in is escaped


@lru_cache(maxsize=4096)  # a list of keys says the same few sentences once a row
def _plain(words: gettext.NullTranslations, text: str) -> Markup:
    return _filled(words.gettext(text), {})


def translations(accepted: str | None) -> gettext.NullTranslations:
    """The words for a browser's `Accept-Language`."""
    return _PSEUDO if (accepted or "").strip().startswith(PSEUDO) else _ENGLISH


def language(accepted: str | None) -> str:
    """The language of the words for a browser's `Accept-Language`, for the page's `lang`."""
    return PSEUDO if translations(accepted) is _PSEUDO else "en"


class Times:
    """Says instants to one person, in their tenant's time zone. Instants may be RFC 3339 text, as actions give them."""

    def __init__(self, now: datetime, time_zone: str, words: gettext.NullTranslations) -> None:
        self.now, self.zone_name, self._words = now, time_zone, words
        self.zone: ZoneInfo = zone(time_zone)

    def local(self, instant: datetime | str) -> datetime:
        """An instant in the tenant's zone."""
        return (datetime.fromisoformat(instant) if isinstance(instant, str) else instant).astimezone(self.zone)

    def day(self, instant: datetime | str) -> str:
        """`3 Mar 2026`."""
        local = self.local(instant)
        return f"{local.day} {local:%b %Y}"

    def date(self, day: date | str) -> str:
        """`14 Nov`, of a day of the tenant's own."""
        found = date.fromisoformat(day) if isinstance(day, str) else day
        return f"{found.day} {found:%b}"

    def since(self, instant: datetime | str) -> float:
        """How many seconds ago."""
        return (self.now - self.local(instant)).total_seconds()

    def clock(self, instant: datetime | str) -> str:
        """`10:42`."""
        return f"{self.local(instant):%H:%M}"

    def exact(self, instant: datetime | str) -> str:
        """`Sun 22 Nov 2026 10:42:07 CET`."""
        local = self.local(instant)
        return f"{local:%a} {local.day} {local:%b %Y %H:%M:%S %Z}"

    def ago(self, instant: datetime | str) -> str:
        """`3 minutes ago`, `yesterday`; a date when that says more."""
        local = self.local(instant)
        passed, say = self.now - local, self._words.ngettext
        if passed < MINUTE:
            return say("%(n)d second ago", "%(n)d seconds ago", _whole(passed, SECOND)) % {"n": _whole(passed, SECOND)}
        if passed < HOUR:
            return say("%(n)d minute ago", "%(n)d minutes ago", _whole(passed, MINUTE)) % {"n": _whole(passed, MINUTE)}
        if self.now.astimezone(self.zone).date() == local.date():
            return say("%(n)d hour ago", "%(n)d hours ago", _whole(passed, HOUR)) % {"n": _whole(passed, HOUR)}
        if (self.now.astimezone(self.zone) - DAY).date() == local.date():
            return self._words.gettext("yesterday")
        return self.day(instant)

    def until(self, instant: datetime | str) -> str:
        """`in 40 days`, `52 days ago`, `in 3 h 5 min`."""
        left = self.local(instant) - self.now
        days = abs(left) // DAY
        if days >= 1:
            said = self._words.ngettext("%(n)d day", "%(n)d days", days) % {"n": days}
        else:
            hours, minutes = abs(left) // HOUR, abs(left) % HOUR // MINUTE
            say = self._words.gettext
            said = say("%(h)d h %(min)d min") if hours else say("%(min)d min")
            said %= {"h": hours, "min": minutes}
        pattern = self._words.gettext("in %(time)s") if left > timedelta(0) else self._words.gettext("%(time)s ago")
        return pattern % {"time": said}


def _whole(passed: timedelta, unit: timedelta) -> int:
    return max(0, passed // unit)
