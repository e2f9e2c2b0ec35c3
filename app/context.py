"""What every action is given: settings, keys, database, and the sources of time and chance."""

from __future__ import annotations

import os
from dataclasses import dataclass, field

from app.clock import Clock, utc_now
from app.domain.credentials import Entropy
from app.domain.tokens import Claims
from app.runtime.background import Background
from app.runtime.limiter import Limiter
from app.runtime.metrics import Metrics
from app.runtime.openid import Providers
from app.runtime.recorder import Recorder
from app.runtime.ring import KeyRing
from app.runtime.status_lists import StatusLists
from app.runtime.throttle import GuessingThrottle
from app.runtime.vault import Vault
from app.runtime.verifier_watch import VerifierWatch
from app.settings import Settings
from app.store.database import Database


@dataclass(frozen=True)
class Context:
    """One process's view of the deployment."""

    settings: Settings
    vault: Vault
    database: Database
    ring: KeyRing
    limiter: Limiter
    throttle: GuessingThrottle
    recorder: Recorder
    status_lists: StatusLists
    verifiers: VerifierWatch
    clock: Clock = utc_now
    entropy: Entropy = os.urandom
    metrics: Metrics = field(default_factory=Metrics)
    providers: Providers = field(default_factory=Providers)
    background: Background = field(default_factory=Background)
    seen_tokens: dict[str, Claims] = field(default_factory=dict)
