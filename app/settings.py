"""Every setting: its type, unit, default and check. All problems of a start are told in one message."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from datetime import timedelta
from functools import cached_property
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict
from sqlalchemy import make_url
from sqlalchemy.exc import ArgumentError

from app.domain import addresses, times
from app.domain.networks import Network, parse_network

PREFIX = "KEYTURN_"
LINK = r"^(https?://[^\s\"<>]+|mailto:[^\s\"<>]+)?$"
SECRETS = ("master_key", "database_url", "redis_url")
JWKS_MAX_AGE = timedelta(seconds=300)
CLOCK_LEEWAY = times.CLOCK_LEEWAY


class SettingsError(Exception):
    """The settings cannot be used; one line for each problem."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("The settings cannot be used:\n" + "\n".join(f"  {problem}" for problem in problems))
        self.problems = problems


class Settings(BaseSettings):
    """What can be set, each as `KEYTURN_<NAME>` in the environment."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, frozen=True, extra="forbid", hide_input_in_errors=True)

    @classmethod
    def settings_customise_sources(cls, *_of: Any, **sources: Any) -> tuple[Any, ...]:
        """Take what `load` gives and nothing else: it has read the environment, and would be slower by that again."""
        return (sources["init_settings"],)

    issuer: str = Field(
        "http://127.0.0.1:8000", description="`iss` and base of every published address; https, except on loopback."
    )
    audience: str = Field(
        "",
        description="`aud` of a token when no `resource` is asked for; `<issuer>/api` when empty. Never the issuer.",
    )
    database_url: SecretStr = Field(
        SecretStr(""), description="SQLite or PostgreSQL; an SQLite file in the data directory when empty."
    )
    redis_url: SecretStr = Field(
        SecretStr(""), description="Valkey or Redis for rate limits shared by several hosts; optional."
    )
    hosts: int = Field(
        1, ge=1, le=1000, description="How many hosts serve the deployment. Without Valkey they divide rate limits."
    )
    data_dir: Path = Field(
        Path("./var"), description="Folder of the embedded database and of what the processes of one host share."
    )
    console_url: str = Field(
        "", description="Origin of the console; the issuer when empty, with `localhost` for a loopback address."
    )
    keys_dir: Path = Field(Path("./keys"), description="Folder of `master.key`, made by `keyturn init`.")
    master_key: SecretStr = Field(
        SecretStr(""), description="The master key itself, in place of the file in the keys folder."
    )
    scopes_file: Path | None = Field(
        None, description="Catalogue of scopes that `keyturn init` loads when there is none yet."
    )
    trusted_proxies: str = Field(
        "", description="CIDR networks, separated by commas, whose forwarding headers are believed."
    )
    token_lifetime: int = Field(600, ge=60, le=3600, description="Lifetime of an access token in seconds.")
    status_ttl: int = Field(
        5, ge=1, le=3600, description="Seconds that verifiers and caches may use a status list before they ask again."
    )
    signing_alg: Literal["ES256", "RS256", "PS256", "EdDSA"] = Field(
        "ES256", description="Algorithm of new signing keys."
    )
    metadata_compat: bool = Field(default=False, description="Adds the metadata members that some SDKs insist on.")
    key_prefix: str = Field(
        "kt", pattern=r"^[a-z][a-z0-9]{0,7}$", description="Brand of key IDs and secrets, for leak scanners."
    )
    gateway_rate_status: Literal[403, 429] = Field(
        429, description="Status of a rate-limited `/gateway/check`; 403 for nginx."
    )
    keep_callers_days: int = Field(90, ge=1, le=3650, description="Days that callers, addresses, user agents are kept.")
    keep_usage_days: int = Field(400, ge=1, le=3650, description="Days that counts of calls are kept.")
    support_url: str = Field("", pattern=LINK, description="Where pages send people for support; `mailto:` too.")
    status_url: str = Field("", pattern=LINK, description="Page of the service's state, linked from every page.")
    docs_url: str = Field("", pattern=LINK, description="Documentation of the API; the help pages when empty.")
    development: bool = Field(default=False, description="Serves `/dev/components`, the parts that pages are built of.")
    log_level: Literal["debug", "info", "warning", "error"] = Field("info", description="Least level that is logged.")

    @field_validator("gateway_rate_status", mode="before")
    @classmethod
    def _number(cls, value: Any) -> Any:
        return int(value) if isinstance(value, str) and value.isdecimal() else value

    @field_validator("issuer", "console_url")
    @classmethod
    def _address(cls, value: str) -> str:
        return addresses.web(value) if value else value

    @field_validator("audience")
    @classmethod
    def _audience(cls, value: str) -> str:
        parts = urlsplit(value)
        if value and (not parts.scheme or parts.fragment or "#" in value):
            raise ValueError("must be an absolute URI without fragment")
        return value

    @field_validator("database_url")
    @classmethod
    def _database(cls, value: SecretStr) -> SecretStr:
        if not value.get_secret_value():
            return value
        try:
            backend = make_url(value.get_secret_value()).get_backend_name()
        except ArgumentError:
            backend = ""
        if backend not in {"sqlite", "postgresql"}:
            raise ValueError("must be a sqlite:/// or postgresql:// address")
        return value

    @field_validator("redis_url")
    @classmethod
    def _valkey(cls, value: SecretStr) -> SecretStr:
        text = value.get_secret_value()
        if text and addresses.valkey(text) and find_spec("redis") is None:
            raise ValueError("needs the Valkey client: install keyturn[redis]")
        return value

    @field_validator("trusted_proxies")
    @classmethod
    def _proxies(cls, value: str) -> str:
        for network in filter(None, (part.strip() for part in value.split(","))):
            if parse_network(network).prefixlen == 0:
                raise ValueError("must not trust every address")
        return value

    @cached_property
    def default_audience(self) -> str:
        """`aud` when no resource is asked for."""
        return self.audience or f"{self.base}/api"

    @cached_property
    def admin_audience(self) -> str:
        """`aud` of tokens for the management API; management scopes exist only there."""
        return f"{self.base}/admin"

    @cached_property
    def base(self) -> str:
        """The issuer without an ending slash, to build addresses on."""
        return self.issuer.rstrip("/")

    @cached_property
    def console_base(self) -> str:
        """The console's address. A passkey needs a name, so a loopback address becomes `localhost`."""
        return (self.console_url or re.sub(r"//(127\.0\.0\.1|\[::1\])(?=[:/]|$)", "//localhost", self.base)).rstrip("/")

    @cached_property
    def base_path(self) -> str:
        """The issuer's path: `` or such as `/t1`."""
        return urlsplit(self.base).path

    @cached_property
    def status_uri(self) -> str:
        """What every status list's address starts with."""
        return f"{self.base}/status-lists/"

    @property
    def database(self) -> str:
        """The database's address, for SQLAlchemy."""
        url = self.database_url.get_secret_value() or f"sqlite:///{self.data_dir.resolve() / 'keyturn.db'}"
        return url.replace("postgresql://", "postgresql+psycopg://", 1)

    @cached_property
    def valkey(self) -> str:
        """Valkey's address, as its client knows it; empty for none."""
        address = self.redis_url.get_secret_value()
        return addresses.valkey(address) if address else ""

    @cached_property
    def lifetime(self) -> timedelta:
        """Lifetime of an access token, unless its tenant or its key's end shortens it."""
        return timedelta(seconds=self.token_lifetime)

    @cached_property
    def proxies(self) -> tuple[Network, ...]:
        """Networks whose forwarding headers are believed."""
        return tuple(parse_network(part.strip()) for part in self.trusted_proxies.split(",") if part.strip())

    @cached_property
    def insecure_issuer(self) -> bool:
        """Whether the issuer is plain http, which only loopback may be."""
        return self.issuer.startswith("http://")


def load(environment: Mapping[str, str] | None = None) -> Settings:
    """Read the settings from the environment.

    environment   the process's own when None
    raises        SettingsError listing every unknown name and every bad value
    """
    environment = os.environ if environment is None else environment
    given, problems = _from_files({k: v for k, v in environment.items() if k.startswith(PREFIX)})
    known = {PREFIX + name.upper() for name in Settings.model_fields}
    problems += [f"{name}: there is no such setting" for name in sorted(given.keys() - known)]
    values = {name.removeprefix(PREFIX).lower(): value for name, value in given.items() if name in known}
    try:
        settings = Settings.model_validate(values)
    except ValidationError as error:
        raise SettingsError(
            problems
            + [f"{PREFIX}{str(e['loc'][0]).upper()}: {e['msg'].removeprefix('Value error, ')}" for e in error.errors()]
        ) from None
    if settings.default_audience == settings.issuer:
        problems.append(f"{PREFIX}AUDIENCE: must not be the issuer itself")
    if problems:
        raise SettingsError(problems)
    return settings


def _from_files(given: dict[str, str]) -> tuple[dict[str, str], list[str]]:
    problems = []
    for name in SECRETS:
        plain, by_file = PREFIX + name.upper(), PREFIX + name.upper() + "_FILE"
        path = given.pop(by_file, None)
        if path is None:
            continue
        if plain in given:
            problems.append(f"{by_file}: {plain} is set too; give one of them")
            continue
        try:
            given[plain] = Path(path).read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            problems.append(f"{by_file}: cannot be read ({type(error).__name__})")
    return given, problems
