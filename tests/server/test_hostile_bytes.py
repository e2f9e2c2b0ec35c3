"""Whatever bytes arrive, an HTTP answer leaves, and it is no 5xx."""

from __future__ import annotations

import pytest

from tests.server.running import Server
from tests.server.wire import FORM, GOOD_FORM, Answer, basic, request, token_request

ROUTES = [
    "/token",
    "/introspect",
    "/revoke",
    "/.well-known/jwks.json",
    "/.well-known/oauth-authorization-server",
    "/.well-known/openid-configuration",
    "/api/user",
    "/healthz",
    "/readyz",
    "/metrics",
    "/nothing/here",
    "/admin/nothing",
]
NAMES = [
    "malformed Basic",
    "not base64",
    "no colon",
    "NUL in Basic",
    "raw 0xFF in Authorization",
    "raw 0xFF in Content-Type",
    "empty Basic",
    "raw 0xFF in X-API-Key",
    "long X-API-Key",
    "control characters in the form",
    "bad escape",
    "bad UTF-8",
    "101 fields",
    "two Authorization fields",
    "chunked garbage form",
    "gzip body",
    "multipart",
    "truncated JSON",
    "Digest",
    "X-Request-ID with ANSI",
]


def reaching() -> list[bytes]:
    return [
        token_request("Authorization: Basic\r\n"),
        token_request("Authorization: Basic !!!!\r\n"),
        token_request(f"Authorization: {basic(b'nocolon')}\r\n"),
        token_request(f"Authorization: {basic(b'a' + bytes(1) + b':b')}\r\n"),
        token_request("Authorization: Basic \xff\xfe\r\n"),
        token_request("Content-Type: \xff\r\n"),
        token_request("Authorization:\r\n"),
        request("GET", "/api/user", {"X-API-Key": "\xff\xff"}),
        request("GET", "/api/user", {"X-API-Key": "k" * 20_000}),
        token_request("", b"grant_type=\x00\x1b"),
        token_request("", b"grant_type=%zz"),
        token_request("", b"grant_type=\xc3\x28"),
        token_request("", b"&".join([b"a=b"] * 101)),
        token_request(f"Authorization: {basic(b'a:b')}\r\nAuthorization: {basic(b'c:d')}\r\n"),
        token_request("Transfer-Encoding: chunked\r\n", b"5\r\n\x00\x01\x02\x03\x04\r\n0\r\n\r\n"),
        token_request("Content-Encoding: gzip\r\n", b"\x1f\x8b"),
        token_request("Content-Type: multipart/form-data; boundary=x\r\n", b"--x--"),
        token_request("Content-Type: application/json\r\n", b'{"a":'),
        token_request('Authorization: Digest username="x"\r\n'),
        token_request("X-Request-ID: \x1b[31mred\r\n".replace("\x1b", "%1b")),
    ]


@pytest.mark.parametrize("data", reaching(), ids=NAMES)
def test_what_reaches_the_application_is_refused_in_json_with_a_request_id(server: Server, data: bytes) -> None:
    answer = server.ask(data)
    assert answer is not None
    assert 400 <= answer.status < 500
    assert answer.json["error"]
    assert answer.headers["x-request-id"]
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["server"] == "keyturn"


HALF_REFUSED = {
    "headers of 150 kB": (request("GET", "/healthz", {"X-Long": "a" * 150_000}), {431}),
    "101 headers": (request("GET", "/healthz", {f"X-{n}": "1" for n in range(101)}), {431}),
    "a target of 70 kB": (request("GET", "/" + "a" * 70_000), {414, 431}),
    "NUL in a header": (b"GET /healthz HTTP/1.1\r\nHost: x\r\nX-A: a\0b\r\n\r\n", {400}),
    "NUL in the target": (b"GET /\0 HTTP/1.1\r\nHost: x\r\n\r\n", {400}),
    "a folded header": (b"GET /healthz HTTP/1.1\r\nHost: x\r\nX-A: a\r\n b\r\n\r\n", {400}),
    "a space before the colon": (b"GET /healthz HTTP/1.1\r\nHost: x\r\nX-A : a\r\n\r\n", {400}),
    "two different lengths": (
        b"POST /token HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
        {400},
    ),
    "a length with a sign": (b"POST /token HTTP/1.1\r\nHost: x\r\nContent-Length: +2\r\n\r\nab", {400}),
    "a length in hexadecimal": (b"POST /token HTTP/1.1\r\nHost: x\r\nContent-Length: 0x2\r\n\r\nab", {400}),
    "an unknown transfer coding": (
        b"POST /token HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
        {400, 501},
    ),
    "chunked that is not last": (
        b"POST /token HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked, gzip\r\n\r\n0\r\n\r\n",
        {400, 501},
    ),
    "a bad chunk size": (
        b"POST /token HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nContent-Type: "
        + FORM.encode()
        + b"\r\n\r\nzz\r\n",
        {400, 401},
    ),
    "no HTTP at all": (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n", {400}),
}


@pytest.mark.parametrize("name", HALF_REFUSED)
def test_what_the_server_cannot_read_gets_an_answer_too(server: Server, name: str) -> None:
    data, statuses = HALF_REFUSED[name]
    answer = server.ask(data)
    assert answer is not None
    assert answer.status in statuses


def test_length_and_chunked_together_are_one_request_at_most(server: Server) -> None:
    smuggled = b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"
    body = b"0\r\n\r\n" + smuggled
    head = (
        f"POST /token HTTP/1.1\r\nHost: x\r\nContent-Length: {len(body)}\r\nTransfer-Encoding: chunked\r\n\r\n".encode()
    )
    with server.wire() as wire:
        wire.send(head + body)
        answer = wire.answer()
        assert answer is not None
        assert answer.status == 400
        assert wire.ended()


TARGETS = [
    "//token",
    "/token/",
    "/token%00",
    "/./token",
    "/admin/../token",
    "/token;x=1",
    "/%2e/token",
    "/tokeN",
    "/token%2f",
    "/token%0a",
    "/\xfc",
]


@pytest.mark.parametrize("target", TARGETS)
def test_a_path_that_is_nearly_one_of_ours_is_none(server: Server, target: str) -> None:
    answer = server.ask(request("POST", target, {"Content-Type": FORM}, GOOD_FORM))
    assert answer is not None
    if answer.status != 400:  # the server itself refuses what is no URI
        assert answer.status == 404
        assert answer.json["error"] == "not_found"
        assert answer.headers["x-request-id"]


def test_an_escaped_letter_is_that_letter(server: Server) -> None:
    answer = server.ask(request("POST", "/%74oken", {"Content-Type": FORM}, GOOD_FORM))
    assert answer is not None
    assert (answer.status, answer.json["error"]) == (401, "invalid_client")


@pytest.mark.parametrize("target", ["http://elsewhere.example/api/user", "http://127.0.0.1/api/user"])
def test_a_target_in_absolute_form_is_its_path(server: Server, target: str) -> None:
    answer = server.ask(request("GET", target))
    assert answer is not None
    assert answer.status == 401


@pytest.mark.parametrize(
    ("method", "target"),
    [("OPTIONS", "*"), ("OPTIONS", "/token"), ("CONNECT", "127.0.0.1:80"), ("TRACE", "/token"), ("TRACE", "/x")],
)
def test_methods_that_nobody_needs_are_refused(server: Server, method: str, target: str) -> None:
    answer = server.ask(request(method, target))
    assert answer is not None
    assert answer.status == (404 if target == "*" else 405)
    assert answer.headers["x-request-id"]
    assert target == "*" or answer.headers["allow"]


@pytest.mark.parametrize("method", ["post", "Post", "BREW", "PROPFIND", "DELETE", "PUT"])
def test_a_method_is_what_it_is_to_the_letter(server: Server, method: str) -> None:
    answer = server.ask(request(method, "/token", {"Content-Type": FORM}, GOOD_FORM))
    assert answer is not None
    assert answer.status == 405
    assert answer.headers["allow"] == "POST"


@pytest.mark.parametrize("route", ROUTES)
def test_head_is_get_without_a_body(server: Server, route: str) -> None:
    with server.wire() as wire:
        wire.send(request("HEAD", route) + request("GET", "/healthz"))
        head, following = wire.answer(head=True), wire.answer()
    assert head is not None
    assert following is not None
    assert head.status == (405 if route in {"/token", "/introspect", "/revoke"} else head.status)
    assert head.status < 500
    assert head.headers["x-request-id"]
    assert following.json == {"status": "ok"}


def test_no_two_answers_share_a_request_id_and_a_harmless_one_is_kept(server: Server) -> None:
    answers = [server.ask(request("GET", "/healthz")) for _ in range(5)]
    assert len({answer.headers["x-request-id"] for answer in answers if answer is not None}) == 5
    kept = server.ask(request("GET", "/admin/nothing", {"X-Request-ID": "trace-1"}))
    assert kept is not None
    assert kept.headers["x-request-id"] == kept.json["request_id"] == "trace-1"


def test_nobody_else_may_read_what_is_not_public(server: Server) -> None:
    def asked(route: str) -> Answer:
        answer = server.ask(request("GET", route, {"Origin": "https://elsewhere.example"}))
        assert answer is not None
        return answer

    open_to_all = {route for route in ROUTES if any(name.startswith("access-control") for name in asked(route).headers)}
    assert open_to_all == {route for route in ROUTES if route.startswith("/.well-known/")}
