"""Tells events of the audit log in sentences: for a key's timeline and for the log itself."""

from __future__ import annotations

from typing import Any

from app.actions.people import names
from app.web.console.pages import Visit
from app.web.console.words import Say

ICONS = {
    "key.created": "key",
    "key.edited": "pencil",
    "key.rotated": "refresh",
    "key.overlap_ended": "refresh",
    "key.overlap_extended": "refresh",
    "key.revoked": "ban",
    "key.deleted": "trash",
    "key.enforced": "shield-check",
    "key.secret_shown": "eye",
    "first_used": "circle-check",
    "used_from_new_ip": "map-pin",
    "signing_key": "certificate",
    "member": "user",
    "group": "list-check",
    "scope": "list-check",
    "tenant": "settings",
    "session": "logout",
    "sso_connection": "login-2",
    "setup_link": "user",
}


# What is said of an event by its name alone.
PLAIN = {
    "key.created": "Key generated",
    "key.edited": "Key edited",
    "key.rotated": "Secret rotated",
    "key.overlap_ended": "Overlap ended, the old secret stopped working",
    "key.overlap_extended": "Overlap moved",
    "key.revoked": "Key revoked",
    "key.deleted": "Key deleted",
    "key.enforced": "Revocation enforced by verifiers",
    "key.secret_shown": "New secret shown",
    "token.revoked": "One token taken back",
    "group.edited": "Group changed",
    "tenant.edited": "Tenant settings changed",
    "tenant.sso_required": "Single sign-on required of every member",
    "tenant.sso_not_required": "Single sign-on no longer required",
    "member.created": "Member added",
    "member.edited": "Member changed",
    "member.reset": "Sign-in of a member reset",
    "member.signed_in": "Signed in",
    "member.signed_out": "Signed out",
    "member.password_set": "Password chosen",
    "member.proved": "Confirmed who they are",
    "totp.turned_on": "Authenticator app turned on",
    "totp.turned_off": "Authenticator app turned off",
    "setup_link.issued": "One-time link made",
    "setup_link.used": "One-time link used",
    "sso_connection.created": "Single sign-on connection added",
    "sso_connection.edited": "Single sign-on connection changed",
    "sso_connection.removed": "Single sign-on connection removed",
    "sso_connection.linked": "First single sign-on: the provider's account now belongs to this member",
    "sso_connection.signed_in": "Signed in by single sign-on",
}


class Teller:
    """Says who did what; knows the names of the members that some events name."""

    def __init__(self, visit: Visit, events: list[dict[str, Any]]) -> None:
        self._say, self._times = Say(visit.words), visit.times
        people = {found["actor"]["id"] for found in events if found.get("actor", {}).get("kind") == "member"}
        people |= {found["object"]["id"] for found in events if found.get("object", {}).get("kind") == "member"}
        self.names = names.of_members(visit.ctx, visit.tenant_id, people)

    def icon(self, name: str) -> str:
        """The icon of an event."""
        return ICONS.get(name) or ICONS.get(name.partition(".")[0], "history")

    def actor(self, event: dict[str, Any]) -> str:
        """Who did it."""
        actor = event.get("actor") or {"kind": "system", "id": ""}
        said = {
            "member": self.names.get(actor["id"], actor["id"]),
            "key": self._say.one("API client %(id)s", id=actor["id"]),
            "command_line": self._say.one("Operator"),
        }
        return str(said.get(actor["kind"], self._say.one("System")))

    def what(self, event: dict[str, Any]) -> str:
        """What was done, in a sentence."""
        say, after = self._say.one, event.get("after") or {}
        told = {
            "key.enforced": say(
                "Enforced by %(some)s of %(all)s verifiers",
                some=after.get("enforced", "?"),
                all=after.get("verifiers", "?"),
            ),
            "first_used": say("First used from %(ip)s", ip=event.get("ip")),
            "used_from_new_ip": say("First call from a new address, %(ip)s", ip=event.get("ip")),
        }
        special = {"key.edited": self._edited, "key.rotated": self._rotated, "key.revoked": self._revoked}
        name = event["event"]
        if name in special:
            return special[name](event.get("before") or {}, after)
        if name == "key.overlap_extended":
            return say("Overlap moved: the old secret works until %(time)s", time=self._exact(after))
        return str(told.get(name) or self.kind(name))

    def kind(self, name: str) -> str:
        """What an event of this name is about."""
        # The names of events are the sentences of all others: they are said in the reader's language too.
        return str(self._say.one(PLAIN.get(name) or name.replace(".", " ").replace("_", " ").capitalize()))

    def _exact(self, after: dict[str, Any]) -> str:
        return self._times.exact(after["old_secret_ends_at"]) if after.get("old_secret_ends_at") else "?"

    def _edited(self, before: dict[str, Any], after: dict[str, Any]) -> str:
        say = self._say.one
        if set(after) == {"group"}:
            old, new = before.get("group") or {}, after["group"] or {}
            return say("Group changed from %(old)s to %(new)s", old=old.get("name", "?"), new=new.get("name", "?"))
        if set(after) == {"name"}:
            return say("Renamed from %(old)s to %(new)s", old=before.get("name", "?"), new=after["name"])
        fields = {
            "name": say("name"),
            "description": say("description"),
            "group": say("group"),
            "ip_allowlist": say("IP allowlist"),
        }
        changed = ", ".join(str(fields[name]) for name in fields if name in after)
        return say("Key edited: %(fields)s", fields=changed) if changed else say("Key edited")

    def _rotated(self, _before: dict[str, Any], after: dict[str, Any]) -> str:
        reasons = {
            "scheduled": self._say.one("Scheduled"),
            "leak": self._say.one("Suspected leak"),
            "staff_change": self._say.one("Staff change"),
            "other": self._say.one("Other"),
        }
        said = self._say.one("Secret rotated, the old one works until %(time)s", time=self._exact(after))
        reason = reasons.get(after.get("reason") or "")
        return said if reason is None else self._say.one("%(said)s, reason %(reason)s", said=said, reason=reason)

    def _revoked(self, _before: dict[str, Any], after: dict[str, Any]) -> str:
        reason = after.get("reason")
        return self._say.one("Key revoked: %(reason)s", reason=reason) if reason else self._say.one("Key revoked")
