"""Requests that cannot be read, whoever sends them."""

from __future__ import annotations

from enum import StrEnum


class Fault(StrEnum):
    """What is wrong with a request. `replies.py` answers each."""

    NOT_FOUND = "not_found"
    METHOD = "method_not_allowed"
    CONTENT_TYPE = "unsupported_media_type"
    TOO_LARGE = "content_too_large"
    REPEATED = "repeated"
    ENCODING = "unreadable_encoding"
    UNREADABLE = "unreadable_body"
    INSECURE = "insecure_transport"


class BadRequest(Exception):
    """A request that cannot be read; `allow` names the methods that could be used."""

    def __init__(self, fault: Fault, allow: str = "") -> None:
        super().__init__(fault)
        self.fault = fault
        self.allow = allow
