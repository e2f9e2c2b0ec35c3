"""What went wrong, in one line for people; never a traceback, never a secret."""

from __future__ import annotations

import traceback

import click

from app.domain.refusals import Conflict, Forbidden, Invalid, NotFound, Unavailable

_SAYS_IT_ALL = {
    "SettingsError",
    "VaultError",
    "NotBegun",
    "WrongMasterKey",
    "AddressTaken",
}  # named, so that a failure imports nothing heavy


class Failed(click.ClickException):
    """A command that has told its answer, and still did not succeed."""


def described(error: Exception) -> str:
    """Say what went wrong."""
    return " ".join(_words(error).split())


def _words(error: Exception) -> str:
    if isinstance(error, click.ClickException):
        return error.format_message()
    if isinstance(error, Invalid):
        return "; ".join(f"{problem.field}: {problem.message}" for problem in error.problems)
    if isinstance(error, Conflict | Forbidden):
        return " ".join((str(error), *error.hints))
    if isinstance(error, NotFound | Unavailable):
        return str(error)
    if type(error).__name__ in _SAYS_IT_ALL:
        return str(error).replace(":\n", ":").replace("\n", ";")
    if isinstance(error, OSError):
        return f"{error.strerror or type(error).__name__}{f': {error.filename}' if error.filename else ''}."
    return _unforeseen(error)


def _unforeseen(error: Exception) -> str:
    # The message of an unknown exception may hold what nobody should see; where it came from does not.
    frames = traceback.extract_tb(error.__traceback__)
    ours = [frame for frame in frames if "/app/" in frame.filename.replace("\\", "/")]
    place = f" at {ours[-1].filename.replace(chr(92), '/').rpartition('/app/')[2]}:{ours[-1].lineno}" if ours else ""
    return f"Something unforeseen went wrong ({type(error).__name__}{place})."
