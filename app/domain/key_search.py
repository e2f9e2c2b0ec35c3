"""What a search for keys looks for, and that a secret pasted into it goes no further than its key ID."""

from __future__ import annotations

import re

from app.domain.credentials import SECRET_LENGTH
from app.domain.names import fold

_BEGUN = re.compile(r"([a-z][a-z0-9]{0,7})s_([0-9A-Z]{4,16})")
_WHOLE = re.compile(rf"([a-z][a-z0-9]{{0,7}})s_([0-9A-Z]{{16}})_[0-9A-Za-z]{{{SECRET_LENGTH}}}")
_KEY_ID = re.compile(r"([a-z][a-z0-9]{0,7})_([0-9a-z]{0,16})", re.IGNORECASE)


def searched(q: str | None, brand: str) -> tuple[str | None, str | None]:
    """What a search looks for: (folded part of a name, beginning of a key ID).

    A secret, even part of one, gives its key ID alone; nothing else of it goes any further.

    brand   what the deployment's secrets begin with, such as `kt`; of other brands only whole ones are recognised
    """
    text = (q or "").strip()
    if not text:
        return None, None
    begun = _BEGUN.match(text)
    secret = _WHOLE.search(text) or (begun if begun is not None and begun[1] == brand else None)
    if secret is not None:
        return None, f"{secret[1]}_{secret[2]}"
    key_id = _KEY_ID.fullmatch(text)
    return fold(text), f"{key_id[1].lower()}_{key_id[2].upper()}" if key_id is not None else None
