from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address, ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain import networks
from app.domain.networks import notices, parse_address, parse_list, parse_network, within

addresses = st.ip_addresses()


@given(addresses)
def test_every_address_is_read_back_as_it_was_written(address: IPv4Address | IPv6Address) -> None:
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    assert parse_address(str(address)) == (mapped or address)


@given(st.ip_addresses(v=4))
def test_an_ipv4_address_in_ipv6_clothes_is_the_ipv4_address(address: IPv4Address) -> None:
    assert parse_address(f"::ffff:{address}") == address
    assert parse_address(str(IPv6Address(b"\0" * 10 + b"\xff\xff" + address.packed))) == address


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "1",
        "10.0.0.1:80",
        "[::1]",
        "fe80::1%eth0",
        "10.0.0.01",
        "0x7f.0.0.1",
        "127.1",
        "localhost",
        "unknown",
        "10.0.0.1/32",
        "\uff11.1.1.1",
    ],
)
def test_what_is_no_address_is_unknown(text: str) -> None:
    assert parse_address(text) is None


@given(st.text())
def test_any_text_is_an_address_or_unknown(text: str) -> None:
    parse_address(text)


@given(addresses, st.integers(0, 32))
def test_an_address_lies_in_every_network_made_from_it(address: IPv4Address | IPv6Address, length: int) -> None:
    asked = parse_address(str(address))
    assert within(asked, (parse_network(str(address)),))
    assert within(asked, (parse_network(f"{address}/{length if address.version == 4 else 96 + length}"),))


def test_host_bits_are_cleared() -> None:
    assert str(parse_network("203.0.113.7/24")) == "203.0.113.0/24"
    assert str(parse_network("2001:db8::7/32")) == "2001:db8::/32"
    assert str(parse_network("203.0.113.7")) == "203.0.113.7/32"


@pytest.mark.parametrize(
    ("written", "meant"),
    [("::ffff:10.1.2.3", "10.1.2.3/32"), ("::ffff:10.0.0.0/104", "10.0.0.0/8"), ("::ffff:0:0/96", "0.0.0.0/0")],
)
def test_a_mapped_network_is_the_ipv4_network_it_means(written: str, meant: str) -> None:
    assert str(parse_network(written)) == meant


@pytest.mark.parametrize("written", ["::/0", "::/96", "::ffff:0:0/95", "2001:db8::/97", "::1"])
def test_other_ipv6_networks_stay_what_they_are(written: str) -> None:
    assert parse_network(written) == ip_network(written, strict=False)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "/8",
        "10.0.0.0/",
        "10.0.0.0/255.0.0.0",
        "10.0.0.0/33",
        "::/129",
        "10.0.0.0/-1",
        "10.0.0.0/\uff18",
        "fe80::1%eth0/64",
        "10.0.0.0/8/8",
        "10.0/8",
        "10.0.0.0/" + "9" * 5000,
    ],
)
def test_what_is_no_network_is_refused(text: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - whatever the text, one kind of refusal
        parse_network(text)


@given(st.lists(st.text(max_size=20), max_size=20))
def test_any_list_gives_networks_or_problems_that_name_their_lines(lines: list[str]) -> None:
    found, problems = parse_list(lines)
    for problem in problems:
        line = int(problem.message.split()[1].rstrip(":"))
        assert lines[line - 1].strip() != ""
        assert (problem.field, problem.code) == ("ip_allowlist", "invalid_network")
    assert all(str(ip_network(line)) == line for line in found)


def test_every_bad_line_is_told_by_its_number_and_blank_ones_are_passed_over() -> None:
    found, problems = parse_list(["10.0.0.1", "", "nonsense", " 10.0.0.1/32 ", "10.0.0.0/99"], "networks")
    assert found == ["10.0.0.1/32"]
    assert [(p.field, p.message.split()[1]) for p in problems] == [("networks", "3:"), ("networks", "5:")]


def test_a_list_has_an_end() -> None:
    lines = [f"10.0.0.{n}" for n in range(networks.MOST_NETWORKS)]
    assert parse_list(lines)[1] == []
    assert parse_list([*lines, lines[0]])[1] == []
    assert [p.code for p in parse_list([*lines, "10.0.1.0"])[1]] == ["too_many"]


def test_a_stored_list_opens_as_it_was_written() -> None:
    stored = "\n".join(parse_list(["10.0.0.0/8", "2001:db8::/32"])[0])
    assert networks.networks(stored) == (ip_network("10.0.0.0/8"), ip_network("2001:db8::/32"))
    assert networks.networks("") == ()


def test_an_unknown_address_lies_nowhere() -> None:
    assert not within(None, (ip_network("0.0.0.0/0"), ip_network("::/0")))


def test_an_address_never_lies_in_a_network_of_the_other_kind() -> None:
    assert not within(IPv4Address("10.0.0.1"), (ip_network("::/0"),))
    assert not within(IPv6Address("::1"), (ip_network("0.0.0.0/0"),))
    assert within(IPv4Address("10.0.0.1"), (ip_network("::/0"), ip_network("10.0.0.0/8")))


def test_a_line_that_was_saved_otherwise_than_written_is_told_by_its_number() -> None:
    lines = ["10.0.0.7/24", " ", "10.0.0.7", "2001:DB8:0::/48", "::ffff:10.0.0.0/104", "0.0.0.0/0", "1.2.3.4/0"]
    assert notices(lines) == [
        "Line 1 saved as 10.0.0.0/24.",
        "Line 5 saved as 10.0.0.0/8.",
        "Line 6 allows every IPv4 address.",
        "Line 7 saved as 0.0.0.0/0.",
        "Line 7 allows every IPv4 address.",
    ]
