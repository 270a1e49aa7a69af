"""How Stripe speaks over HTTP: nested form fields in, JSON objects and JSON errors out."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any
from urllib.parse import urlsplit

from workflow.money.stripe_standin.store import Json

MAX_FIELDS = 500
MAX_DEPTH = 8
MAX_METADATA = 50
MAX_METADATA_KEY = 40
MAX_METADATA_VALUE = 500

#: Kinds of values in a form description; a list of one means "many of these".
TEXT, WHOLE, FLAG, URL, MARKS = "text", "whole", "flag", "url", "marks"
Shape = str | list[Any] | dict[str, Any]


class ApiError(Exception):
    """An answer other than 200, in the form the documentation gives."""

    def __init__(
        self,
        status: int,
        message: str,
        *,
        code: str | None = None,
        param: str | None = None,
        kind: str = "invalid_request_error",
    ) -> None:
        super().__init__(message)
        self.status = status
        error = {"type": kind, "message": message, "code": code, "param": param}
        self.body: Json = {"error": {name: value for name, value in error.items() if value}}


def parse_form(pairs: Iterable[tuple[str, str]]) -> Json:
    """``a[b][0][c]=x`` becomes ``{"a": {"b": [{"c": "x"}]}}``; a broken form is an ApiError."""
    tree: Json = {}
    for count, (name, value) in enumerate(pairs):
        if count >= MAX_FIELDS:
            raise ApiError(400, "Too many parameters.")
        parts = _name_parts(name)
        _place(tree, parts, value, name)
    return {name: _lists(value) for name, value in tree.items()}


def check(params: Json, shape: dict[str, Any], path: str = "") -> Json:
    """The parameters with their types; an unknown, malformed or misplaced one is an ApiError."""
    for name in params:
        if name not in shape:
            where = f"{path}[{name}]" if path else name
            raise ApiError(400, f"Received unknown parameter: {where}", code="parameter_unknown", param=where)
    return {
        name: _read(value, shape[name], f"{path}[{name}]" if path else name) for name, value in params.items()
    }


def require(params: Json, *names: str) -> None:
    """Each of the names (``a.b.c`` for nested ones) must be there."""
    for name in names:
        found: Any = params
        for part in name.split("."):
            found = found.get(part) if isinstance(found, dict) else None
        if found in (None, "", [], {}):
            head, *rest = name.split(".")
            where = head + "".join(f"[{part}]" for part in rest)
            raise ApiError(400, f"Missing required param: {where}.", code="parameter_missing", param=where)


def missing(kind: str, object_id: str) -> ApiError:
    """The answer for an id nobody has."""
    return ApiError(404, f"No such {kind}: '{object_id}'", code="resource_missing", param="id")


def _name_parts(name: str) -> list[str]:
    match = re.fullmatch(r"([^\[\]]+)((?:\[[^\[\]]*\])*)", name)
    if match is None:
        raise ApiError(400, f"Invalid parameter name: {name[:80]}", code="parameter_unknown")
    parts = [match[1], *re.findall(r"\[([^\[\]]*)\]", match[2])]
    if len(parts) > MAX_DEPTH:
        raise ApiError(400, "Parameters are nested too deeply.")
    return parts


def _place(tree: Json, parts: list[str], value: str, name: str) -> None:
    here = tree
    for part in parts[:-1]:
        step = here.setdefault(part or str(len(here)), {})
        if not isinstance(step, dict):
            raise ApiError(400, f"Invalid object: {name}", param=name)
        here = step
    last = parts[-1] or str(len(here))
    if last in here:
        raise ApiError(400, f"Parameter given twice: {name}", param=name)
    here[last] = value


def _lists(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    inner = {name: _lists(part) for name, part in value.items()}
    if inner and all(name.isdecimal() for name in inner):
        return [inner[name] for name in sorted(inner, key=int)]
    return inner


def _read(value: Any, shape: Shape, where: str) -> Any:
    if isinstance(shape, dict):
        if not isinstance(value, dict):
            raise ApiError(400, f"Invalid object: {where}", param=where)
        return check(value, shape, where)
    if isinstance(shape, list):
        if not isinstance(value, list):
            raise ApiError(400, f"Invalid array: {where}", param=where)
        return [_read(part, shape[0], f"{where}[{at}]") for at, part in enumerate(value)]
    if shape == MARKS:
        return _marks(value, where)
    if not isinstance(value, str):
        raise ApiError(400, f"Invalid string: {where}", param=where)
    return _scalar(value, shape, where)


def _scalar(value: str, shape: str, where: str) -> str | int | bool:
    if shape == WHOLE:
        if not re.fullmatch(r"-?\d{1,15}", value):
            code = "parameter_invalid_integer"
            raise ApiError(400, f"Invalid integer: {value[:40]}", code=code, param=where)
        return int(value)
    if shape == FLAG:
        if value not in ("true", "false"):
            raise ApiError(400, f"Invalid boolean: {value[:40]}", param=where)
        return value == "true"
    if not value:
        code = "parameter_invalid_empty"
        raise ApiError(400, f"You passed an empty string for '{where}'.", code=code, param=where)
    if shape == URL and not is_web_address(value):
        raise ApiError(400, "Not a valid URL", code="url_invalid", param=where)
    return value


def is_web_address(text: str) -> bool:
    """An absolute http or https address with a host; nothing a browser could run."""
    try:
        parts = urlsplit(text)
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and bool(parts.hostname) and text.isprintable()


def _marks(value: Any, where: str) -> dict[str, str]:
    if not isinstance(value, dict) or not all(isinstance(text, str) for text in value.values()):
        raise ApiError(400, f"Invalid object: {where}", param=where)
    if len(value) > MAX_METADATA:
        raise ApiError(400, f"Metadata can hold up to {MAX_METADATA} keys.", param=where)
    for name, text in value.items():
        if len(name) > MAX_METADATA_KEY or len(text) > MAX_METADATA_VALUE:
            raise ApiError(400, "A metadata key or value is too long.", param=f"{where}[{name}]")
    return dict(value)
