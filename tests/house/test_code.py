from pathlib import PurePosixPath

import pytest

from tests.house import code
from tests.house.code import Rule
from tests.house.repository import texts

OURS = ("app", "verifier", "migrations", "scripts", "bench", "tests", "wsgi.py")
PRODUCT = ("app", "verifier")
INNER = ("app/domain", "app/actions", "app/store")

RULES: list[tuple[Rule, tuple[str, ...]]] = [
    (code.long_file, OURS),
    (code.long_function, OURS),
    (code.own_clock, ("app", "migrations")),
    (code.any_algorithm, PRODUCT),
    (code.leaky_comparison, PRODUCT),
    (code.unnumbered_todo, OURS),
    (code.nameless_module, OURS),
    (code.empty_verb, PRODUCT),
    (code.undocumented, INNER),
]

BROKEN: list[tuple[Rule, str, str]] = [
    (code.long_file, "app/x.py", "x = 1\n" * 251),
    (code.long_function, "app/x.py", "def f():\n" + "    x = 1\n" * 41),
    (code.long_function, "app/x.py", "async def f():\n    '''One line.'''\n" + "    x = 1\n" * 41),
    (code.own_clock, "app/x.py", "import datetime\nnow = datetime.datetime.now(datetime.UTC)"),
    (code.own_clock, "app/x.py", "from datetime import datetime\ndefault = datetime.utcnow"),
    (code.own_clock, "app/x.py", "import time\nstart = time.time()"),
    (code.own_clock, "app/x.py", "from time import time\n"),
    (code.any_algorithm, "app/x.py", "import jwt\njwt.decode(token, key)"),
    (code.any_algorithm, "app/x.py", "jwt.PyJWT().decode(token, key, audience='a')"),
    (code.leaky_comparison, "app/x.py", "ok = stored_digest == given"),
    (code.leaky_comparison, "app/x.py", "ok = given != hmac.new(k, m, 'sha256').hexdigest()"),
    (code.leaky_comparison, "app/x.py", "ok = row.secret_hash == computed"),
    (code.leaky_comparison, "app/x.py", "ok = mac == computed"),
    (code.unnumbered_todo, "app/x.py", "x = 1  # TODO: later"),
    (code.unnumbered_todo, "app/x.py", "# FIXME\n"),
    (code.nameless_module, "app/web/utils.py", ""),
    (code.nameless_module, "app/helpers/mail.py", ""),
    (code.nameless_module, "tests/test_common.py", ""),
    (code.empty_verb, "app/x.py", "def get_key(): ..."),
    (code.undocumented, "app/domain/x.py", "def f(): ..."),
]

KEPT: list[tuple[Rule, str, str]] = [
    (code.long_file, "app/x.py", "x = 1\n" * 250),
    (code.long_function, "app/x.py", "def f():\n    '''Long.\n" + "    text\n" * 60 + "    '''\n" + "    x = 1\n" * 40),
    (code.own_clock, "app/clock.py", "from datetime import UTC, datetime\nnow = datetime.now(UTC)"),
    (code.own_clock, "app/x.py", "import time\nstart = time.monotonic(); when = request.now()"),
    (code.any_algorithm, "app/x.py", "jwt.decode(token, key, algorithms=['ES256']); data.decode()"),
    (code.leaky_comparison, "app/x.py", "q = select(S).where(Secret.digest == digest, t.c.hash == h)"),
    (code.leaky_comparison, "app/x.py", "ok = len(digest) == size and hash_name == 'sha256' and machine == other"),
    (code.unnumbered_todo, "app/x.py", "x = 'TODO'  # TODO(#12): later"),
    (code.nameless_module, "app/domain/policy.py", ""),
    (code.empty_verb, "app/x.py", "class Grant:\n    def get_scope(self): ..."),
    (code.undocumented, "app/domain/x.py", "def _f(): ...\ndef g():\n    '''Say so.'''"),
]


def name(value: object) -> str:
    return getattr(value, "__name__", "")


@pytest.mark.parametrize(("rule", "folders"), RULES, ids=name)
def test_our_code_keeps_the_rule(rule: Rule, folders: tuple[str, ...]) -> None:
    assert code.complaints(rule, texts(*folders, suffix=".py")) == []


@pytest.mark.parametrize(("rule", "path", "text"), BROKEN, ids=name)
def test_what_breaks_the_rule_is_noticed(rule: Rule, path: str, text: str) -> None:
    assert len(list(rule(PurePosixPath(path), text))) == 1


@pytest.mark.parametrize(("rule", "path", "text"), KEPT, ids=name)
def test_what_keeps_the_rule_is_left_alone(rule: Rule, path: str, text: str) -> None:
    assert list(rule(PurePosixPath(path), text)) == []


def test_every_rule_is_tried_on_code_that_breaks_and_code_that_keeps_it() -> None:
    rules = {rule for rule, _ in RULES}
    assert rules == {rule for rule, *_ in BROKEN} == {rule for rule, *_ in KEPT}
