"""A deployment that looks lived in: keys in every state, people, groups, calls; its clock stands at the end."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from playwright.sync_api import Page

from app.actions import groups, key_jobs, keys, members, rotation, signing_keys, tenants
from app.actions.people import roster, sso_connections
from app.actions.people.sso_terms import Given
from app.domain.events import Actor
from app.domain.refusals import Conflict, Invalid, Problem, Unavailable
from app.web.console import install
from app.web.console import pages as table
from app.web.console.forgery import StaleForm
from app.web.console.pages import Visit
from app.web.replies import Answer
from tests.console import people
from tests.console.opened import Console
from tests.usage.staging import call
from tests.world import OPERATOR, Key, as_key

ACTORS = {
    "ada": ("global_admin", "Ada Okafor"),
    "lin": ("tenant_administrator", "Lin Farrow"),
    "jonas": ("super_user", "Jonas Weber"),
    "eve": ("auditor", "Eve Marchetti"),
    "mirja": ("member", "Mirja Lind"),
}
LONG = "Warehouse synchronisation of the second distribution centre (Rotterdam-Maasvlakte), night shift"
CALLERS = (
    ("203.0.113.7", "okhttp/4.12.0"),
    ("198.51.100.4", "python-requests/2.32.3"),
    ("2001:db8:85a3:8d3:1319:8a2e:370:7348", "curl/8.9.0"),
)


class Stage:
    """The deployment, its people and its keys by name; what each browser needs to be signed in."""

    def __init__(self, console: Console) -> None:
        self.console, self.world = console, console.world
        self.keys: dict[str, Key] = {}
        self.emails: dict[str, str] = {}
        self.links: dict[str, str] = {}
        self._groups: list[str] = []
        self._states: dict[str, Any] = {}
        self.tenant = self.world.new_tenant("Northwind", time_zone="Europe/Berlin")["id"]
        self._seed()

    def page(self, who: str | None, **options: Any) -> Page:
        """A browser in which somebody is signed in, or nobody; one signing in serves all of a person's browsers."""
        if who is not None and who not in self._states:
            page = self.console.open()
            self.sign_in(page, self.emails[who])
            self._states[who] = page.context.storage_state()
            page.context.close()
        return self.console.open(storage_state=self._states.get(who or ""), **options)

    def sign_in(self, page: Page, email: str) -> None:
        """Sign in through the form, in whatever language it is."""
        page.goto("/sign-in")
        page.locator("[name=email]").fill(email)
        page.locator("[name=password]").fill(people.PASSWORD)
        page.get_by_test_id("submit").click()
        page.wait_for_url(lambda url: "sign-in" not in url)

    def fresh(self) -> str:
        """A new Global Admin of a tenant apart, whom a scene may do anything to; the e-mail address."""
        number = len(self.emails)
        email = people.member(self.world, "global_admin", f"guest{number} Persson", self._apart)
        self.emails[f"fresh{number}"] = email
        return email

    @property
    def spoken(self) -> tuple[str, ...]:
        """Words of its people's own, which no translation touches."""
        told = [key.object for key in self.keys.values()]
        own = [str(one[name]) for one in told for name in ("name", "description")]
        kids = [key["kid"] for key in signing_keys.all_keys(self.world.ctx, self.world.clock())]
        return (*own, *self._groups, *(name for _, name in ACTORS.values()), *kids, *(kid[:8] for kid in kids))

    def path(self, template: str, of: str | None = None) -> str:
        """An address with the IDs that it names filled in; `of` says which key."""
        named = {
            "key_id": self.keys[of or "Mobile App"].id,
            "group_id": self.group,
            "member_id": self.member,
            "kid": next(key["kid"] for key in signing_keys.all_keys(self.world.ctx, self.world.clock())),
            **self.links,
        }
        for name, value in named.items():
            template = template.replace(f"{{{name}}}", value)
        return template

    def _seed(self) -> None:
        world, clock = self.world, self.world.clock
        for short, (role, name) in ACTORS.items():
            self.emails[short] = people.member(world, role, name, self.tenant)
        members.edit(world.ctx, OPERATOR, self.tenant, self.emails["ada"], clock(), operator=True)
        self._people = {one["name"]: one["id"] for one in roster.page(world.ctx, self.tenant, None, 20)}
        ada = self._people["Ada Okafor"]
        members.edit(world.ctx, OPERATOR, self.tenant, ada, clock(), operator=True)
        self.links["kid"] = next(
            str(key["kid"]) for key in signing_keys.all_keys(world.ctx, clock()) if key["state"] == "next"
        )
        given = Given("Northwind staff", "https://login.example.com", "keyturn", "not a secret", "northwind.example")
        proposed = sso_connections.proposal(world.ctx, self.tenant)
        made = sso_connections.add(world.ctx, OPERATOR, self.tenant, clock(), proposed_id=proposed, given=given)
        self.links["connection"] = made["id"]
        self.group = self._group("Contacts", "What marketing's tools need.", "contacts:read", "contacts:write")
        self._group(
            "Nightly jobs", "Reads everything, changes nothing.", "contacts:read", "clients:read", "boards:read"
        )
        self._make(
            "Mobile App",
            "Ada Okafor",
            "staging and production app",
            ip_allowlist=("203.0.113.0/24", "198.51.100.0/24", "2001:db8::/32"),
        )
        self._make("Old Zapier", "Ada Okafor", "replaced by Zapier (marketing)", group="Full access")
        self._make("Quarterly audit 2026", "Lin Farrow", "external auditors, read only", expires_at="2027-01-08")
        self._make("Partner portal (dev)", "Mirja Lind", "acts as its creator", group="Same as the key's creator")
        for _ in range(12):
            clock.advance(days=2, hours=1)
            self._called("Mobile App", 7)
            self._called("Quarterly audit 2026", 2)
        self._make(
            "Zapier (marketing)", "Ada Okafor", "campaign sign-ups to CRM", group="Full access", expires_at="2027-04-10"
        )
        self._make("Data warehouse export", "Jonas Weber", "hourly load, owned by BI", expires_at="2027-10-08")
        self._make(
            "ERP", "Lin Farrow", "nightly job, secret in vault/erp/keyturn", group="Contacts", expires_at="2027-01-21"
        )
        self._recent()

    def _recent(self) -> None:
        world, clock = self.world, self.world.clock
        self._called("Old Zapier", 3)
        self._called("Partner portal (dev)", 2)
        for day in range(30):
            clock.advance(hours=24)
            for number, (address, client) in enumerate(CALLERS):
                self._called("Mobile App", (110 + day * 70 % 130) // (number + 1), address, client)
            self._called("Zapier (marketing)", 5)
            self._called("ERP", 3, "198.51.100.9", "okhttp/4.12.0")
            if day % 9 == 3:
                call(world, self.keys["Mobile App"].secret, "192.0.2.18", "curl/8.9.0")
        keys.revoke(world.ctx, self.actor, self.tenant, self.keys["Old Zapier"].id, clock(), "Replaced")
        mirja = self._people["Mirja Lind"]
        members.edit(world.ctx, self.actor, self.tenant, mirja, clock(), active=False)
        self.member = self._people["Jonas Weber"]
        clock.advance(days=2)
        self._called("Old Zapier", 4)
        self._called("Quarterly audit 2026", 2)
        self._make(LONG, "Jonas Weber", "owned by logistics; ask before touching it", expires_at="2028-02-06")
        self._make("Status page probe", "Jonas Weber", "synthetic check every minute", expires_at="2027-05-07")
        self._rotating()
        self._batches()
        self._others()

    def _rotating(self) -> None:
        clock, key = self.world.clock, self.keys["Mobile App"]
        made = rotation.rotate(
            self.world.ctx, self.actor, self.tenant, key.id, clock(), overlap=timedelta(hours=24), reason="scheduled"
        )
        new = as_key(made)
        clock.advance(hours=3)
        self._called("Mobile App", 27, *CALLERS[1])
        clock.advance(minutes=3)
        self.keys["Mobile App"] = new
        self._called("Mobile App", 63)
        self._called("ERP", 1)
        self._called("Zapier (marketing)", 2)
        self._called("Data warehouse export", 900, "203.0.113.80")
        clock.advance(seconds=10)

    def _batches(self) -> None:
        ctx, now, known = self.world.ctx, self.world.clock(), {name: key.id for name, key in self.keys.items()}
        kept, at = [known["ERP"], known["Old Zapier"]], (ctx, self.actor, self.tenant)
        self.links["over"] = key_jobs.begin(*at, "change_group", kept, now, group="Contacts")
        key_jobs.finish(ctx, self.links["over"], now)
        self.links["batch_id"] = key_jobs.begin(*at, "revoke", list(known.values()), now)

    def _others(self) -> None:
        world, clock = self.world, self.world.clock
        self._apart = world.new_tenant("Sandbox")["id"]
        for short, plan in (("empty", "enterprise"), ("full", "standard")):
            tenant, link = tenants.create(world.ctx, OPERATOR, short.capitalize(), plan, clock())
            self.emails[short] = people.member(world, "global_admin", f"{short.capitalize()} Admin", tenant["id"])
            self.links["token"] = link.rpartition("/")[2]
            for number in range(5 if short == "full" else 0):
                world.key(f"Integration {number + 1}", tenant=tenant)
        for status in (400, 409, 422, 500, 503):
            page = table.Page("GET", f"/broken/{status}", _broken(status), public=True)
            world.app.add_url_rule(page.path, page.path, install._routed(page, world.ctx))

    @property
    def actor(self) -> Actor:
        """Ada, as the audit log names her."""
        return Actor("member", self._people["Ada Okafor"], self.tenant, unbound=True)

    def _group(self, name: str, description: str, *scopes: str) -> str:
        made = groups.create(
            self.world.ctx,
            OPERATOR,
            self.tenant,
            self.world.clock(),
            name=name,
            description=description,
            scopes=list(scopes),
        )
        self._groups += [name, description]
        return str(made["id"])

    def _make(self, name: str, creator: str, description: str, group: str = "Read only", **more: Any) -> None:
        by = Actor("member", self._people[creator], self.tenant, unbound=True)
        new = keys.NewKey(name, description, group, **more)
        self.keys[name] = as_key(keys.create(self.world.ctx, by, self.tenant, new, self.world.clock()))
        self.world.clock.advance(hours=3, minutes=11)

    def _called(self, name: str, times: int = 1, address: str = "203.0.113.7", client: str = "okhttp/4.12.0") -> None:
        call(self.world, self.keys[name].secret, address, client)
        notes = self.world.ctx.recorder._notes
        notes.extend([notes[-1]] * (times - 1))
        self.world.ctx.recorder.flush()


def _broken(status: int) -> Any:
    errors: dict[int, Exception] = {
        400: StaleForm(),
        409: Conflict("key_revoked", "This key was revoked meanwhile.", ("Generate a new key.",)),
        422: Invalid(Problem("name", "too_short", "Key Name must be at least 2 characters long.")),
        500: RuntimeError("a scene of the error page"),
        503: Unavailable("The database does not answer.", 30),
    }

    def view(_visit: Visit) -> Answer:
        raise errors[status]

    return view
