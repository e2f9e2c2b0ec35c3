"""The command line `keyturn`. Nothing heavy is imported before a command is chosen."""

from __future__ import annotations

from app.cli.lazy import Root

COMMANDS = {
    "init": ("app.cli.init", "Make database, master key, first signing keys and first tenant."),
    "serve": ("app.cli.serve", "Run the server."),
    "demo": ("app.cli.demo", "Set up a demo when there is nothing yet, and serve it."),
    "keys": ("app.cli.keys", "Create, list, edit, rotate, revoke API keys."),
    "tenants": ("app.cli.tenants", "Create, list, set, close tenants."),
    "resource-servers": ("app.cli.resource_servers", "Keys that may introspect."),
    "operator-keys": ("app.cli.operator_keys", "Keys of the deployment, for /admin."),
    "groups": ("app.cli.groups", "Authorization groups of a tenant."),
    "members": ("app.cli.members", "Members of a tenant, and their roles."),
    "scopes": ("app.cli.scopes", "The catalogue of product scopes."),
    "signing-keys": ("app.cli.signing_keys", "Prepare, activate, revoke signing keys."),
    "audit": ("app.cli.audit", "Look through, export and verify the audit log."),
    "token": ("app.cli.token", "Ask the issuer for an access token."),
    "introspect": ("app.cli.introspect", "Ask the issuer what a token is good for."),
    "db": ("app.cli.db", "Upgrade or check the database's tables."),
    "config": ("app.cli.config", "Check the settings."),
    "doctor": ("app.cli.doctor", "Say what is not as it should be."),
    "openapi": ("app.cli.openapi", "Write docs/openapi.json, or check it."),
    "settings-docs": ("app.cli.settings_docs", "Write docs/settings.md, or check it."),
    "completion": ("app.cli.completion", "Print the completion script of a shell."),
}

cli = Root(
    name="keyturn",
    commands_by_module=COMMANDS,
    help="Keyturn: an authorization server in which every API key is an OAuth client.",
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110},
)


def main() -> None:
    """Run the command line."""
    cli.main(prog_name="keyturn")
