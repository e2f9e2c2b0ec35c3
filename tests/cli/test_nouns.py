"""Every noun of the command line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from app.cli import COMMANDS, cli
from app.cli.settings_docs import document
from app.settings import Settings
from tests.cli.conftest import ROOT, Inside


def test_every_command_takes_json_and_has_help(keyturn: Inside) -> None:
    for name in COMMANDS:
        command = cli.get_command(None, name)  # type: ignore[arg-type]
        assert command is not None
        leaves = getattr(command, "commands", {name: command}).values()
        for leaf in leaves:
            assert "as_json" in {parameter.name for parameter in leaf.params}, (name, leaf.name)
            assert leaf.help


@pytest.mark.parametrize(
    "words", ["nothing", "keys", "keys create", "keys edit x", "tenants set T", "audit list --limit 0"]
)
def test_wrong_usage_ends_with_two(keyturn: Inside, words: str) -> None:
    done = keyturn.run(*words.split())
    assert (done.exit_code, done.stdout) == (2, "")


def test_tenants_are_created_listed_set_and_closed(keyturn: Inside) -> None:
    made = keyturn.json("tenants", "create", "--name", "Blue", "--plan", "standard")
    assert made["setup_url"].startswith("http://localhost:8000/")
    assert {tenant["name"] for tenant in keyturn.json("tenants", "list")["items"]} == {"Acme", "Blue"}
    words = ["--key-limit", "none", "--rate-limit", "1000000000", "--api-access", "off", "--time-zone", "Europe/Berlin"]
    changed = keyturn.json("tenants", "set", "Blue", *words, "--max-overlap", "2d", "--default-group", "Read only")
    assert (changed["key_limit"], changed["rate_limit"], changed["api_access"]) == (None, 10**9, False)
    assert (changed["time_zone"], changed["max_overlap"], changed["default_group"]) == (
        "Europe/Berlin",
        172800,
        "grp_ro",
    )
    assert keyturn.json("tenants", "set", made["id"], "--key-limit", "7", "--api-access", "on")["key_limit"] == 7
    assert keyturn.json("tenants", "close", "Blue")["closed_at"]
    shown = keyturn.json("tenants", "show", "Blue")
    assert (bool(shown["closed_at"]), shown["keys_used"]) == (True, 0)
    assert keyturn.failure("tenants", "close", "Blue") == "This tenant was closed before."
    assert keyturn.failure("keys", "list", "--tenant", "Nobody") == "There is no such tenant."


def test_a_tenants_policy_is_set_on_the_command_line(keyturn: Inside) -> None:
    words = ["--key-managers", "global-admins", "--max-lifetime-days", "90", "--expiring-soon-days", "30"]
    words += ["--confirmation-days", "0", "--require-ip-allowlist", "on", "--session-idle", "10m"]
    words += ["--session-lifetime", "8h", "--reauth-after", "5m", "--require-mfa", "on", "--name", "on"]
    changed = keyturn.json("tenants", "set", "Acme", *words)
    wanted = {
        "key_managers": "global_admins",
        "max_lifetime_days": 90,
        "expiring_soon_days": 30,
        "confirmation_days": 0,
        "require_ip_allowlist": True,
        "session_idle": 600,
        "session_lifetime": 28800,
        "reauth_after": 300,
        "require_mfa": True,
        "name": "on",
    }
    assert {name: changed[name] for name in wanted} == wanted
    assert keyturn.json("tenants", "set", "on", "--max-lifetime-days", "none")["max_lifetime_days"] is None
    problem = keyturn.failure("keys", "create", "--tenant", "on", "--name", "ERP", "--group", "Read only")
    assert "Your tenant requires an IP allowlist" in problem


def test_keys_are_edited_regenerated_and_deleted(keyturn: Inside) -> None:
    made = keyturn.json(
        "keys",
        "create",
        "--tenant",
        "Acme",
        "--name",
        "Mobile App",
        "--group",
        "Full access",
        "--allow-ip",
        "10.0.0.0/8",
    )
    key = made["client_id"]
    edited = keyturn.json(
        "keys", "edit", key, "--name", "Tablet", "--any-ip", "--group", "grp_ro", "--description", "At home"
    )
    assert (edited["name"], edited["ip_allowlist"], edited["group"]["id"]) == ("Tablet", [], "grp_ro")
    assert keyturn.run("keys", "edit", key).exit_code == 2
    assert keyturn.run("keys", "edit", key, "--any-ip", "--allow-ip", "::1").exit_code == 2
    keyturn.json("keys", "rotate", key, "--overlap", "1h", "--expires", "2999-01-01")
    ended = keyturn.json("keys", "end-overlap", key)
    assert len(ended["secrets"]) == 1
    assert keyturn.json("keys", "regenerate", key, "--reason", "leak", "--expires", "never")["expires_at"] is None
    assert keyturn.json("keys", "delete", key) == {"client_id": key, "deleted": True}
    assert keyturn.failure("keys", "show", key) == "There is no such API key."
    assert keyturn.failure("keys", "create", "--tenant", "Acme", "--name", "x", "--group", "Nothing").startswith(
        "name: "
    )


def test_the_secret_is_told_to_people_with_a_warning(keyturn: Inside) -> None:
    done = keyturn.run("keys", "create", "--tenant", "Acme", "--name", "Mobile App", "--group", "Full access")
    assert "kts_" in done.stdout
    assert "only time" in done.stdout


def test_resource_servers_and_operator_keys(keyturn: Inside) -> None:
    server = keyturn.json(
        "resource-servers", "create", "--name", "Orders", "--audience", "urn:orders", "--tenant", "Acme"
    )
    assert server["client_secret"]
    assert keyturn.json("resource-servers", "list")["items"][0]["audience"] == "urn:orders"
    assert keyturn.json("resource-servers", "delete", server["client_id"])["deleted"]
    operator = keyturn.json("operator-keys", "create", "--name", "Deploy")
    assert keyturn.json("operator-keys", "revoke", operator["client_id"])["status"] == "revoked"
    assert keyturn.json("operator-keys", "list")["total"] == 1


def test_groups_and_scopes(keyturn: Inside) -> None:
    keyturn.json("scopes", "create", "invoices:read", "--description", "Look at invoices")
    made = keyturn.json(
        "groups", "create", "--tenant", "Acme", "--name", "Bills", "--scope", "invoices:read,contacts:read"
    )
    assert made["scopes"] == ["contacts:read", "invoices:read"]
    assert "Bills" in keyturn.failure("scopes", "delete", "invoices:read")
    assert keyturn.json("groups", "edit", "Bills", "--tenant", "Acme", "--no-scopes", "--name", "None")["scopes"] == []
    assert keyturn.json("scopes", "edit", "invoices:read", "--description", "More")["description"] == "More"
    assert keyturn.json("scopes", "delete", "invoices:read")["deleted"]
    assert keyturn.json("groups", "show", "none", "--tenant", "Acme")["id"] == made["id"]
    assert keyturn.json("groups", "delete", "none", "--tenant", "Acme")["deleted"]
    assert keyturn.json("groups", "list", "--tenant", "Acme")["total"] == 3
    assert "contacts:read" in {scope["name"] for scope in keyturn.json("scopes", "list")["items"]}


def test_members_come_and_go_and_are_let_back_in(keyturn: Inside) -> None:
    made = keyturn.json(
        "members", "create", "--tenant", "Acme", "--email", "ada@example.com", "--name", "Ada", "--role", "auditor"
    )
    assert keyturn.json("members", "edit", made["id"], "--operator", "on", "--role", "super_user")["operator"]
    assert keyturn.json("members", "reset", made["id"])["reset_url"].startswith("http://localhost:8000/")
    assert (
        "lets whoever has it in as Ada" in keyturn.run("members", "reset", "ada@example.com", "--tenant", "Acme").stdout
    )
    assert not keyturn.json("members", "edit", "ada@example.com", "--tenant", "Acme", "--active", "off")["active"]
    assert keyturn.json("members", "list", "--tenant", "Acme")["total"] == 1
    assert keyturn.json("members", "remove", made["id"])["removed"]
    assert keyturn.failure("members", "reset", made["id"]) == "There is no such member."


def test_the_last_global_admin_is_not_unmade(keyturn: Inside) -> None:
    made = keyturn.json(
        "members", "create", "--tenant", "Acme", "--email", "ada@example.com", "--name", "Ada", "--role", "global_admin"
    )
    for change in (("remove",), ("edit", "--role", "member"), ("edit", "--active", "off")):
        said = keyturn.failure("members", change[0], made["id"], *change[1:])
        assert "the tenant's last active Global Admin" in said


def test_signing_keys_are_prepared_imported_and_revoked(keyturn: Inside, tmp_path: Path) -> None:
    (tmp_path / "own.pem").write_bytes(
        ec.generate_private_key(ec.SECP256R1()).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    )
    own = keyturn.json("signing-keys", "import", "own.pem")
    assert own["state"] == "next"
    assert "may not know this key yet" in keyturn.failure("signing-keys", "activate", own["kid"])
    assert keyturn.json("signing-keys", "prepare", "--alg", "EdDSA")["alg"] == "EdDSA"
    assert keyturn.json("signing-keys", "revoke", own["kid"])["state"] == "revoked"
    assert keyturn.json("signing-keys", "list")["total"] == 4


def test_the_audit_log_is_listed_and_exported(keyturn: Inside) -> None:
    events = keyturn.json("audit", "export")
    assert [json.loads(line) for line in keyturn.run("audit", "export").stdout.splitlines()] == events
    listed = keyturn.json("audit", "list", "--tenant", "Acme", "--event", "tenant.created", "--since", "1h")["items"]
    assert [event["event"] for event in listed] == ["tenant.created"]
    assert keyturn.run("audit", "verify", "--tenant", "Acme").stdout == "The audit log holds: 2 rows.\n"


def test_a_question_is_asked_on_a_terminal_only(keyturn: Inside, monkeypatch: pytest.MonkeyPatch) -> None:
    keyturn.json("scopes", "create", "invoices:read")
    monkeypatch.setattr("click.testing._NamedTextIOWrapper.isatty", lambda _: True, raising=False)
    stopped = keyturn.run("scopes", "delete", "invoices:read", stdin="n\n")
    assert (stopped.exit_code, "Stopped" in stopped.stderr) == (1, True)
    assert keyturn.run("scopes", "delete", "invoices:read", "--yes").exit_code == 0


def test_doctor_names_what_is_wrong(keyturn: Inside, monkeypatch: pytest.MonkeyPatch) -> None:
    assert keyturn.json("doctor")["ok"]
    assert keyturn.json("db", "check") == keyturn.json("db", "upgrade") == {"state": "current"}
    Path("keys/master.key").chmod(0o644)
    assert keyturn.failure("doctor") == "Not as it should be: master key."
    monkeypatch.setenv("KEYTURN_ISSUER", "nowhere")
    assert keyturn.failure("doctor") == "Not as it should be: settings."


def test_an_unforeseen_failure_is_one_line_without_its_message(
    keyturn: Inside, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError("hush")

    monkeypatch.setattr("app.actions.catalogue.scopes", fail)
    told = keyturn.failure("scopes", "list")
    assert "RuntimeError at cli/scopes.py" in told
    assert "hush" not in told


def test_settings_are_shown_without_their_secrets(keyturn: Inside, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KEYTURN_DATABASE_URL", "postgresql://keyturn:hush@db.example/keyturn")
    shown = keyturn.run("config", "check")
    assert shown.exit_code == 0
    assert "hush" not in shown.output


def test_the_page_of_settings_is_fresh_and_names_them_all(keyturn: Inside, monkeypatch: pytest.MonkeyPatch) -> None:
    assert all(f"`KEYTURN_{name.upper()}`" in document() for name in Settings.model_fields)
    assert "is not what the code says" in keyturn.failure("settings-docs", "--check")
    assert keyturn.json("settings-docs")["written"]
    monkeypatch.chdir(ROOT)
    assert not keyturn.json("settings-docs", "--check")["written"]


def test_completion_scripts_are_printed(keyturn: Inside) -> None:
    assert "_KEYTURN_COMPLETE" in keyturn.run("completion", "zsh").stdout
