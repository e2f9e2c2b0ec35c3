"""Reads bodies and queries strictly: JSON and forms into the same models, every bad member named."""

from __future__ import annotations

import json
import types
from collections.abc import Mapping
from typing import Annotated, Any, Union, get_args, get_origin

from pydantic import AliasChoices, BaseModel, ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails

from app.domain.refusals import Invalid, Problem
from app.web.faults import BadRequest, Fault
from app.web.forms import FORM, pairs
from app.web.request import Request

LARGEST_BODY = 256 * 1024
JSON = "application/json"
_MOST_SHOWN = 60

_WORDS = {
    "missing": "Is required.",
    "string_type": "Must be a string.",
    "int_type": "Must be a whole number.",
    "bool_type": "Must be true or false.",
    "list_type": "Must be a list.",
    "string_unicode": "Must be well-formed Unicode.",
}


def body(http: Request, model: type[BaseModel], answer: type[BaseModel] | None) -> BaseModel:
    """Read the body into a model.

    answer   the object's own model: members of it that the request may not have are called immutable
    raises   BadRequest for what cannot be read, Invalid naming every bad member
    """
    data = http.body(LARGEST_BODY)
    if not data:
        return _checked(model, {}, answer, strict=True)
    if http.header("Content-Encoding") not in {None, "identity"}:
        raise BadRequest(Fault.CONTENT_TYPE)
    if http.media_type == JSON:
        return _checked(model, _from_json(data), answer, strict=True)
    if http.media_type == FORM:
        return _checked(model, _from_form(pairs(data), model), answer, strict=False)
    raise BadRequest(Fault.CONTENT_TYPE)


def query(http: Request, model: type[BaseModel]) -> BaseModel:
    """Read the query into a model; a parameter without a value counts as left out."""
    given = pairs(http.environ.get("QUERY_STRING", "").encode("latin-1"))
    return _checked(model, _from_form([(name, value) for name, value in given if value], model), None, strict=False)


def _checked(model: type[BaseModel], members: Any, answer: type[BaseModel] | None, *, strict: bool) -> BaseModel:
    if not isinstance(members, dict):
        raise Invalid(Problem("", "object_type", "The body must be a JSON object."))
    try:
        return model.model_validate(members, strict=strict)
    except ValidationError as error:
        known = frozenset(answer.model_fields) if answer is not None else frozenset[str]()
        raise Invalid(*(_problem(found, known) for found in error.errors(include_input=False))) from None


def _problem(error: ErrorDetails, known: frozenset[str]) -> Problem:
    field = ".".join(str(part) for part in error["loc"])[:_MOST_SHOWN]
    if error["type"] == "extra_forbidden":
        if field in known:
            return Problem(field, "immutable_member", "Cannot be set or changed here.")
        return Problem(field, "unknown_member", "There is no such member.")
    said = _WORDS.get(error["type"])
    if said is None:
        said = error["msg"].removeprefix("Value error, ").replace("Input should be", "Must be").rstrip(".") + "."
    return Problem(field, error["type"], said[0].upper() + said[1:])


def _from_json(data: bytes) -> Any:
    try:
        found = json.loads(data.decode("utf-8"), object_pairs_hook=_once_each, parse_constant=_no_number)
        _refuse_unprintable(found)
    except UnicodeError as error:
        raise BadRequest(Fault.ENCODING) from error
    except (ValueError, RecursionError) as error:
        raise BadRequest(Fault.UNREADABLE) from error
    return found


def _once_each(members: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(members)
    if len(found) != len(members):  # RFC 8259 §4 leaves open which of two would count
        raise BadRequest(Fault.REPEATED)
    return found


def _no_number(name: str) -> Any:
    raise ValueError(name)


def _refuse_unprintable(value: Any) -> None:
    # Neither database nor answer can hold a lone surrogate, nor PostgreSQL a NUL; UnicodeEncodeError is what is caught.
    if isinstance(value, str):
        value.encode("utf-8")
        if "\0" in value:
            raise BadRequest(Fault.ENCODING)
    elif isinstance(value, list):
        for item in value:
            _refuse_unprintable(item)
    elif isinstance(value, dict):
        for name, item in value.items():
            _refuse_unprintable(name)
            _refuse_unprintable(item)


def _from_form(given: list[tuple[str, str]], model: type[BaseModel]) -> dict[str, Any]:
    fields = _by_name(model)
    found: dict[str, Any] = {}
    for name, value in given:
        field = fields.get(name)
        if field is not None and _holds(field, list):
            found.setdefault(name, []).extend(line for line in value.splitlines() if line.strip())
            continue
        if name in found:
            raise BadRequest(Fault.REPEATED)
        found[name] = None if not value and field is not None and _holds(field, type(None)) else value
    return found


def _by_name(model: type[BaseModel]) -> Mapping[str, FieldInfo]:
    found: dict[str, FieldInfo] = {}
    for name, field in model.model_fields.items():
        alias = field.validation_alias
        names = [str(choice) for choice in alias.choices] if isinstance(alias, AliasChoices) else [name]
        found |= dict.fromkeys(names, field)
    return found


def _holds(field: FieldInfo, wanted: type) -> bool:
    return any(kind is wanted or get_origin(kind) is wanted for kind in _kinds(field.annotation))


def _kinds(annotation: Any) -> list[Any]:
    if get_origin(annotation) is Annotated:
        return _kinds(get_args(annotation)[0])
    if get_origin(annotation) in {Union, types.UnionType}:
        return [kind for part in get_args(annotation) for kind in _kinds(part)]
    return [annotation]
