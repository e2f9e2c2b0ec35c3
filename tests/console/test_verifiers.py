"""Verifiers in the console: who they are and what they hold, and a revoked key's page that fills in by itself."""

from __future__ import annotations

from playwright.sync_api import expect

from app.actions import keys
from tests.console.conftest import Console
from tests.status.polling import Polling
from tests.world import OPERATOR


def test_verifiers_are_listed_and_a_revocation_fills_in(console: Console) -> None:
    world = console.world
    page = console.signed_in()
    page.goto("/settings/verifiers")
    expect(page.get_by_test_id("no-verifiers")).to_be_visible()
    verifier = Polling(world, world.resource_server("Contacts API"))
    verifier.poll()
    verifier.poll()
    world.ctx.verifiers.flush(world.clock())
    page.reload()
    row = page.get_by_test_id("verifiers-table").locator("tbody tr")
    expect(row).to_have_count(1)
    expect(row).to_contain_text("Contacts API")
    expect(row).to_contain_text("Current")
    key = world.key("Leaked")
    keys.revoke(world.ctx, OPERATOR, world.tenant["id"], key.id, world.clock())
    page.goto(f"/tenant-api-keys/{key.id}")
    said = page.get_by_test_id("propagation")
    expect(said).to_contain_text("Enforced by 0 of 1 verifier.")
    for _ in range(3):
        world.clock.advance(seconds=4)
        verifier.poll()
    world.ctx.verifiers.flush(world.clock())
    expect(said).to_contain_text("Enforced by 1 of 1 verifier, the last 4 s later.")
    expect(page.locator("#propagation[hx-get]")).to_have_count(0)
