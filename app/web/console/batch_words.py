"""What became of many keys, in the words of its page (CONSOLE.md §3.14, M-43)."""

from __future__ import annotations

from typing import Any

from app.web.console.pages import Visit


def result(visit: Visit, batch: dict[str, Any], named: int) -> str:
    """Say how many keys changed, and which did not and why; `named` of them by name."""
    say = visit.words.gettext
    text = _changed(visit, batch) % {"number": f"{batch['changed']:,}"}
    if not batch["unchanged"]:
        return text
    shown = batch["kept"][:named]
    reasons = ", ".join(f"{row['name'] or row['client_id']} ({reason(visit, row)})" for row in shown)
    more = batch["unchanged"] - len(shown)
    if more:
        reasons += " " + say("and %(number)s more") % {"number": f"{more:,}"}
    kept = say("%(number)s not changed: %(reasons)s.") % {"number": f"{batch['unchanged']:,}", "reasons": reasons}
    return f"{text} {kept}"


def _changed(visit: Visit, batch: dict[str, Any]) -> str:
    say = visit.words.gettext
    return str(
        {
            "revoke": say("%(number)s revoked."),
            "delete": say("%(number)s deleted."),
            "change_group": say("%(number)s moved to the group."),
        }[batch["action"]]
    )


def reason(visit: Visit, row: dict[str, Any]) -> str:
    """Why a key stayed as it was, as part of a sentence."""
    say = visit.words.gettext
    known = {
        "key_revoked": say("already revoked"),
        "not_found": say("already deleted"),
        "group_exceeds_caller": say("you may not change it"),
        "unchanged": say("already in the group"),
        "version_conflict": say("somebody else changed it meanwhile"),
        "no_creator": say("no member has made it"),
    }
    return str(known.get(row["error"]) or row["message"])
