"""Which passwords will do (NIST SP 800-63B §3.1.1: length, no composition rules, nothing easily guessed)."""

from __future__ import annotations

import unicodedata

from app.domain.refusals import Problem

SHORTEST, LONGEST = 12, 256


def clean_password(text: str, about: tuple[str, ...], problems: list[Problem], field: str = "password") -> str:
    """Normalise a new password and say what is wrong with it.

    text       as typed; compared in Unicode's NFC form from here on
    about      the person's own words, such as name and e-mail address, which a password must not be made of
    problems   what is found is added here
    returns    the password in NFC
    """
    password = unicodedata.normalize("NFC", text)
    if len(password) < SHORTEST:
        problems.append(Problem(field, "too_short", f"Use {SHORTEST} characters or more. A few words make a good one."))
    elif len(password) > LONGEST:
        problems.append(Problem(field, "too_long", f"Use {LONGEST} characters or fewer."))
    elif _easily_guessed(password.casefold(), about):
        problems.append(Problem(field, "easily_guessed", "This is too easy to guess. A few unrelated words work well."))
    return password


def _easily_guessed(password: str, about: tuple[str, ...]) -> bool:
    if len(set(password)) < 5:  # noqa: PLR2004 - "aaaaaaaaaaaa", "121212121212"
        return True
    rest = password
    for word in (*about, "password", "keyturn", "qwertyuiop", "1234567890", "letmein", "welcome"):
        for part in (word.casefold(), word.casefold().partition("@")[0]):
            if len(part) >= 4:  # noqa: PLR2004 - shorter ones are in every sentence
                rest = rest.replace(part, "")
    return len(rest) < SHORTEST // 2
