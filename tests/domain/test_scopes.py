from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain import scopes
from app.domain.refusals import Reason, Refused
from app.domain.scopes import Role

PRODUCT = frozenset({"contacts:read", "contacts:write", "messages:send"})
tokens = st.text(
    st.characters(min_codepoint=0x21, max_codepoint=0x7E, exclude_characters='"\\'), min_size=1, max_size=20
)


@pytest.mark.parametrize("text", ["contacts:read", "a:b", "api_keys:write", "a1_:b2_", "a" * 40 + ":" + "b" * 40])
def test_a_scope_of_the_catalogue_is_resource_and_action(text: str) -> None:
    assert scopes.is_name(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        ":",
        "a:",
        ":b",
        "A:b",
        "a:B",
        "1a:b",
        "a-b:c",
        "a:b:c",
        "a b:c",
        "a:b ",
        "a:b\n",
        "a" * 41 + ":b",
        "a:" + "b" * 41,
        "é:b",
    ],
)
def test_anything_else_cannot_be_in_the_catalogue(text: str) -> None:
    assert not scopes.is_name(text)


@given(st.lists(tokens, min_size=1, max_size=20))
def test_every_list_the_grammar_allows_is_read_and_its_order_does_not_matter(found: list[str]) -> None:
    assert scopes.parse_request(" ".join(found)) == frozenset(found) == scopes.parse_request(" ".join(reversed(found)))


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        " a",
        "a ",
        "a  b",
        "a\tb",
        "a\nb",
        'a"b',
        "a\\b",
        "é",
        "a\x7f",
        "a\0",
        "a\u00a0b",
        "a" * (scopes.LONGEST_REQUEST + 1),
    ],
)
def test_what_breaks_the_grammar_is_refused(text: str) -> None:
    with pytest.raises(Refused) as refused:
        scopes.parse_request(text)
    assert refused.value.verdict.reason is Reason.SCOPE_REFUSED


@given(st.frozensets(tokens))
def test_what_is_packed_unpacks_to_the_same_scopes(found: frozenset[str]) -> None:
    assert scopes.unpack(scopes.pack(found)) == found


def test_equal_sets_are_packed_as_equal_strings() -> None:
    assert scopes.pack(frozenset(["b:x", "a:x"])) == scopes.pack(frozenset(["a:x", "b:x"])) == "a:x b:x"


def test_roles_hold_what_the_product_promises() -> None:
    held = {role: scopes.of_role(role, PRODUCT) for role in Role}
    for role in (Role.GLOBAL_ADMIN, Role.TENANT_ADMINISTRATOR, Role.SUPER_USER):
        assert held[role] >= PRODUCT
    assert held[Role.AUDITOR] & PRODUCT == {"contacts:read"}
    assert all(scopes.is_read(scope) for scope in held[Role.AUDITOR])
    assert held[Role.MEMBER] == frozenset()
    assert held[Role.GLOBAL_ADMIN] == PRODUCT | scopes.TENANT_MANAGEMENT


def test_built_in_groups_hold_what_the_product_promises() -> None:
    assert scopes.of_built_in(scopes.FULL_ACCESS, PRODUCT) == PRODUCT | scopes.TENANT_MANAGEMENT
    assert scopes.of_built_in(scopes.READ_ONLY, PRODUCT) == {"contacts:read", "api_keys:read", "groups:read"}
    assert scopes.of_built_in(scopes.SAME_AS_CREATOR, PRODUCT) == frozenset()
    assert scopes.of_built_in(scopes.RESOURCE_SERVER, PRODUCT) == frozenset()
    assert scopes.of_built_in(scopes.OPERATOR_GROUP, PRODUCT) == scopes.OPERATOR


def test_nobody_inside_a_tenant_holds_what_is_the_operators() -> None:
    inside = [scopes.of_role(role, PRODUCT) for role in Role]
    inside += [
        scopes.of_built_in(group, PRODUCT) for group in (scopes.FULL_ACCESS, scopes.READ_ONLY, scopes.SAME_AS_CREATOR)
    ]
    for held in inside:
        assert not held & scopes.OPERATOR_ONLY
        assert "signing_keys:write" not in held


def test_management_scopes_have_names_of_the_catalogues_own_form() -> None:
    assert all(scopes.is_name(scope) for scope in scopes.MANAGEMENT)
