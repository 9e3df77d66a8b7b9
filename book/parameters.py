"""The parameters of a chapter: their declarations, and values given as text, read in the kind that each declares.

A parameter is a line `NAME = literal` or `NAME: kind = literal`. A kind is built of int, float, str, bool, None,
list[...], tuple[...], Literal[...] and |; without one the default says it, and a default of None allows any value.
"""

import ast
import math
from collections.abc import Iterable
from dataclasses import dataclass

ANY = ast.parse("object", mode="eval").body
SCALARS = {"int": int, "float": float, "str": str, "bool": bool}
SUPPORTED = "a finite number, a text, True, False, None, or a list or tuple of these"


class ParameterError(ValueError):
    """A declaration or a given value that cannot be used; the message says what is allowed."""


@dataclass(frozen=True)
class Parameter:
    """One parameter: its default, its type as the tree of an annotation, and its declaration as written."""

    default: object
    kind: ast.expr
    written: str


def declared(source: str) -> dict[str, Parameter]:
    """Return the parameters that the cell `source` declares; a ParameterError when it holds anything else."""
    try:
        found = dict(_declaration(statement) for statement in ast.parse(source).body)
    except (SyntaxError, ValueError, TypeError, MemoryError, RecursionError) as error:
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


def read_value(text: str, kind: ast.expr) -> object:
    """Read `text` as a value of `kind`: as a Python literal, as `a,b,c` for a list or tuple, or as it is for a text."""
    if _name(kind) == "str":
        return text
    try:
        candidates = [ast.literal_eval(text)]
    except (SyntaxError, ValueError, TypeError, MemoryError, RecursionError):
        candidates = []
    if not all(map(_supported, candidates)):
        raise ParameterError(f"is not {SUPPORTED}")
    for candidate in [*candidates, *_parts(text, kind), text]:
        try:
            return fitted(candidate, kind)
        except ParameterError:
            continue
    raise ParameterError(f"is not of type {ast.unparse(kind)}")


def _parts(text: str, kind: ast.expr) -> list[list]:
    """`a,b,c` as the list of its parts, once for every list or tuple that `kind` allows and that has such elements."""
    found = []
    for option in _options(kind):
        if _name(option) in ("list", "tuple") and not text.lstrip().startswith(("[", "(")):
            element = _elements(option)[0]
            try:
                found.append([read_value(part.strip(), element) for part in text.split(",") if part.strip()])
            except ParameterError:
                continue
    return found


def fitted(value: object, kind: ast.expr) -> object:
    """Return `value` as one of `kind`, an int as a float and a list as a tuple where that is wanted."""
    # The exact kind first: of `float | int` the 1 stays an int.
    options = sorted(_options(kind), key=lambda option: _name(option) != type(value).__name__)
    for option in options:
        try:
            return _fitted_to_one(value, option)
        except (ParameterError, OverflowError):
            continue
    raise ParameterError(f"{value!r} is not of type {ast.unparse(kind)}")


def _fitted_to_one(value: object, kind: ast.expr) -> object:
    name = _name(kind)
    if name in ("object", "Any"):
        return value
    if name == "None" and value is None:
        return None
    if name == "Literal" and any(value == choice and type(value) is type(choice) for choice in _choices(kind)):
        return value
    if name == "float" and type(value) is int:
        return float(value)
    if name in SCALARS and type(value) is SCALARS[name]:
        return value
    if name in ("list", "tuple") and isinstance(value, (list, tuple)):
        return (list if name == "list" else tuple)(_fitted_elements(value, _elements(kind)))
    raise ParameterError(f"{value!r} is not {ast.unparse(kind)}")


def _fitted_elements(values: list | tuple, kinds: list[ast.expr]) -> list:
    if isinstance(kinds[-1], ast.Constant) and kinds[-1].value is ...:
        kinds = kinds[:1] * len(values)
    if len(kinds) != len(values):
        raise ParameterError(f"{values!r} has {len(values)} elements, not {len(kinds)}")
    return [fitted(value, kind) for value, kind in zip(values, kinds, strict=True)]


def _elements(kind: ast.expr) -> list[ast.expr]:
    """The kinds of the elements of a list or tuple; `[kind, ...]` where there may be any number of one kind."""
    every = ast.Constant(...)
    if not isinstance(kind, ast.Subscript):
        return [ANY, every]
    if _name(kind) == "list":
        return [kind.slice, every]
    return kind.slice.elts if isinstance(kind.slice, ast.Tuple) else [kind.slice]


def _choices(kind: ast.Subscript) -> list[object]:
    return [ast.literal_eval(choice) for choice in getattr(kind.slice, "elts", [kind.slice])]


def _options(kind: ast.expr) -> list[ast.expr]:
    """The kinds of which a value may have any: `int | None` is two."""
    if isinstance(kind, ast.BinOp) and isinstance(kind.op, ast.BitOr):
        return _options(kind.left) + _options(kind.right)
    return [kind]


def _name(kind: ast.expr) -> str:
    if isinstance(kind, ast.Subscript):
        kind = kind.value
    return "None" if isinstance(kind, ast.Constant) and kind.value is None else getattr(kind, "id", "")


def _declaration(statement: ast.stmt) -> tuple[str, Parameter]:
    targets = getattr(statement, "targets", [getattr(statement, "target", None)])
    written = f"line {statement.lineno}: {ast.unparse(statement)!r}"
    if not isinstance(statement, (ast.Assign, ast.AnnAssign)) or not isinstance(targets[0], ast.Name):
        raise ParameterError(written)
    if len(targets) != 1 or statement.value is None:
        raise ParameterError(written)
    default = ast.literal_eval(statement.value)
    if not _supported(default):
        raise ParameterError(f"{written}: a parameter is {SUPPORTED}")
    kind = getattr(statement, "annotation", None)
    if kind is not None:
        _check_kind(kind, written)
        default = fitted(default, kind)
    if kind is None or _name(kind) in ("object", "Any"):
        kind = kind_of(default)
    return targets[0].id, Parameter(default, kind, ast.unparse(statement))


def kind_of(default: object) -> ast.expr:
    """The kind that an unannotated default stands for: its own type, anything for None, its elements' for a list."""
    if default is None:
        return ANY
    name = type(default).__name__
    if isinstance(default, (list, tuple)):
        kinds = {ast.unparse(kind_of(element)) for element in default}
        one = kinds.pop() if len(kinds) == 1 else "object"
        name += f"[{one}]" if name == "list" else f"[{one}, ...]"
    return ast.parse(name, mode="eval").body


def _check_kind(kind: ast.expr, written: str) -> None:
    for option in _options(kind):
        name, nested = _name(option), isinstance(option, ast.Subscript)
        if name == "Literal" and nested:
            _choices(option)
        elif name in ("list", "tuple"):
            for element in _elements(option):
                if not (isinstance(element, ast.Constant) and element.value is ...):
                    _check_kind(element, written)
        elif nested or name not in (*SCALARS, "None", "object", "Any"):
            raise ParameterError(
                f"{written}: the type {ast.unparse(option)} is unknown; "
                "known: int, float, str, bool, None, list[...], tuple[...], Literal[...], and | between them"
            )


def _supported(value: object) -> bool:
    if isinstance(value, (list, tuple)):
        return all(map(_supported, value))
    return value is None or type(value) in (int, str, bool) or (type(value) is float and math.isfinite(value))
