"""The parameters of a chapter: their declarations, and values given as text, read in the kind that each declares.

A parameter is a line `NAME = literal` or `NAME: kind = literal`. A kind is int, float, str, bool or a list[...] of one
of these, with `| None` where nothing may be given; without one the default says it.
"""

import ast
import math
import re
from collections.abc import Iterable
from dataclasses import dataclass

SCALARS = {"int": int, "float": float, "str": str, "bool": bool}
KIND = re.compile(rf"(?P<list>list\[)?(?P<scalar>{'|'.join(SCALARS)})(?(list)\])(?P<none> \| None)?")
KINDS = f"{', '.join(SCALARS)}, list[...] of one of them, and `| None` behind it"
UNREADABLE = (SyntaxError, ValueError, TypeError, MemoryError, RecursionError)  # what `ast` raises on any text


class ParameterError(ValueError):
    """A declaration or a given value that cannot be used; the message says what is allowed."""


@dataclass(frozen=True)
class Parameter:
    """One parameter: its default, its kind, such as `list[int] | None`, and its declaration as written."""

    default: object
    kind: str
    written: str


def declared(source: str) -> dict[str, Parameter]:
    """Return the parameters that the cell `source` declares; a ParameterError when it holds anything else."""
    try:
        found = dict(_declaration(statement) for statement in ast.parse(source).body)
    except UNREADABLE as error:
        raise ParameterError(f"its parameters must be literals, `NAME = value` each: {error}") from error
    if "SCALE" not in found:
        raise ParameterError(f"it has no parameter SCALE; its parameters: {', '.join(found) or 'none'}")
    return found


def check_names(chapters: Iterable[dict[str, Parameter]], given: list[list[str]]) -> None:
    """Raise a ParameterError unless every `given` [name, text] pair names a parameter that some of the chapters has."""
    known = {name for parameters in chapters for name in parameters} - {"SCALE"}
    for name, text in given:
        if name == "SCALE":
            raise ParameterError(f"-p SCALE {text}: the scale is chosen with --scale (make: SCALE={text})")
        if name not in known:
            there = ", ".join(sorted(known)) or "SCALE only"
            raise ParameterError(f"no chapter asked for has a parameter {name!r}; their parameters: {there}")


def given_values(chapter: str, parameters: dict[str, Parameter], scale: str, given: list[list[str]]) -> dict:
    """Return what to run `chapter` with: SCALE and those `given` [name, text] pairs that it has, each in its kind."""
    values: dict[str, object] = {"SCALE": scale}
    for name, text in given:
        if name not in parameters:
            continue
        try:
            values[name] = read_value(text, parameters[name].kind)
        except ParameterError as error:
            raise ParameterError(
                f"{name}={text!r} for chapter {chapter} {error}; the chapter has {parameters[name].written}"
            ) from error
    return values


def read_value(text: str, kind: str) -> object:
    """Read `text` as a value of `kind`: a Python literal, of a list also as `a,b,c`, or as it is for a text."""
    many, scalar, none = _parts(kind)
    if none and text == "None":
        return None
    if scalar == "str" and not many:
        return text
    if many and not text.lstrip().startswith("["):
        parts = [part.strip() for part in text.split(",") if part.strip()]
        return fitted(parts if scalar == "str" else [_literal(part, kind) for part in parts], kind)
    return fitted(_literal(text, kind), kind)


def fitted(value: object, kind: str) -> object:
    """Return `value` as one of `kind`, an int as a float where that is wanted."""
    many, scalar, none = _parts(kind)
    if none and value is None:
        return None
    if many and type(value) is list:
        return [_fitted_to(scalar, element, kind) for element in value]
    if many:
        raise ParameterError(f"is not of type {kind}")
    return _fitted_to(scalar, value, kind)


def _fitted_to(scalar: str, value: object, kind: str) -> object:
    try:
        value = float(value) if scalar == "float" and type(value) is int else value
    except OverflowError:
        value = math.inf
    if type(value) is not SCALARS[scalar]:
        raise ParameterError(f"is not of type {kind}")
    if scalar == "float" and not math.isfinite(value):
        raise ParameterError("is not a finite number")
    return value


def _literal(text: str, kind: str) -> object:
    try:
        return ast.literal_eval(text)
    except UNREADABLE as error:
        raise ParameterError(f"is not of type {kind}") from error


def _parts(kind: str) -> tuple[bool, str, bool]:
    """Whether it is a list; of what, or what it is; whether it may be None."""
    found = KIND.fullmatch(kind)
    if not found:
        raise ParameterError(f"the type {kind} is unknown; write one of {KINDS}: `NAME: int | None = None`")
    return bool(found["list"]), found["scalar"], bool(found["none"])


def _declaration(statement: ast.stmt) -> tuple[str, Parameter]:
    written = f"line {statement.lineno}: {ast.unparse(statement)!r}"
    match statement:
        case ast.Assign(targets=[ast.Name(name)], value=value):
            default = ast.literal_eval(value)
            kind = _kind_of(default)
        case ast.AnnAssign(target=ast.Name(name), annotation=annotation, value=ast.expr() as value):
            default, kind = ast.literal_eval(value), ast.unparse(annotation)
        case _:
            raise ParameterError(written)
    try:
        _parts(kind)
    except ParameterError as error:
        raise ParameterError(f"{written}: {error}") from error
    try:
        return name, Parameter(fitted(default, kind), kind, ast.unparse(statement))
    except ParameterError as error:
        raise ParameterError(f"{written}: its default {error}") from error


def _kind_of(default: object) -> str:
    """The kind that an unannotated default stands for: its own type, that of its elements for a list."""
    if not isinstance(default, list):
        return type(default).__name__
    kinds = {type(element).__name__ for element in default}
    return f"list[{' or '.join(sorted(kinds)) or '?'}]"  # without elements, or with several kinds, it has to be said
