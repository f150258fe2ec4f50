"""Functions: from what the parser calls them to the functions that are run here."""

from collections.abc import Callable, Mapping

from nacre_adapters.tenants.errors import BadExpression, Unsupported
from nacre_adapters.tenants.sql import tree
from nacre_adapters.tenants.sql.grammar import checked_arguments, name_of
from nacre_adapters.tenants.sql.library import exp
from nacre_adapters.tenants.sql.tree import Node

Make = Callable[[exp.Expr], Node]

# The arguments of each, in the order of SQLite.
_CALLS: Mapping[type[exp.Expr], tuple[str, tuple[str, ...]]] = {
    exp.Length: ("length", ("this",)),
    exp.Lower: ("lower", ("this",)),
    exp.Upper: ("upper", ("this",)),
    exp.Abs: ("abs", ("this",)),
    exp.Hex: ("hex", ("this",)),
    exp.Typeof: ("typeof", ("this",)),
    exp.Nullif: ("nullif", ("this", "expression")),
    exp.Substring: ("substr", ("this", "start", "length")),
    exp.StrPosition: ("instr", ("this", "substr")),
    exp.Replace: ("replace", ("this", "expression", "replacement")),
    exp.Coalesce: ("coalesce", ("this", "expressions")),
    exp.Least: ("min", ("this", "expressions")),
    exp.Greatest: ("max", ("this", "expressions")),
    exp.Round: ("round", ("this",)),
    exp.Unicode: ("unicode", ("this",)),
}
_LEAST = {"substr": 2, "min": 2, "max": 2}
_TRIMS = {"": "trim", "BOTH": "trim", "LEADING": "ltrim", "TRAILING": "rtrim"}
_MEASURES: Mapping[type[exp.Expr], str] = {
    exp.Count: "count",
    exp.Sum: "sum",
    exp.Avg: "avg",
    exp.Min: "min",
    exp.Max: "max",
}


def call_of(node: exp.Expr, make: Make) -> Node:
    """Return the function that a node calls; *make* makes its arguments.

    Raises:
        Unsupported: it is none that is run here; names it.
    """
    if type(node) in _CALLS:
        return _plain(node, make)
    if isinstance(node, exp.Trim):
        checked_arguments(node, "this", "expression", "position")
        name = _TRIMS[node.text("position").upper()]
        return tree.Call(name, _arguments(node, ("this", "expression"), make))
    if isinstance(node, exp.If):
        checked_arguments(node, "this", "true", "false")
        condition, true = make(node.this), make(node.args["true"])
        false = node.args.get("false")
        otherwise = tree.Constant(None) if false is None else make(false)
        return tree.Choice(((condition, true),), otherwise)
    if type(node) in _MEASURES:
        return _measure(_MEASURES[type(node)], node, make)
    if isinstance(node, exp.Anonymous) and node.name.lower() == "total":
        (part,) = node.expressions
        return tree.Measure("total", make(part))
    if isinstance(node, exp.Star):
        checked_arguments(node)
        return tree.ColumnName("*")
    raise Unsupported(f"{name_of(node)} is not supported")


def _plain(node: exp.Expr, make: Make) -> Node:
    name, keys = _CALLS[type(node)]
    checked_arguments(node, *keys)
    arguments = _arguments(node, keys, make)
    least = _LEAST.get(name, len(keys))
    if len(arguments) < least:
        raise BadExpression(f"{name.upper()} takes {least} values or more, not {len(arguments)}")
    return tree.Call(name, arguments)


def _arguments(node: exp.Expr, keys: tuple[str, ...], make: Make) -> tuple[Node, ...]:
    found = []
    for key in keys:
        value = node.args.get(key)
        if isinstance(value, list):
            found += [make(each) for each in value]
        elif value is not None:
            found.append(make(value))
    return tuple(found)


def _measure(name: str, node: exp.Expr, make: Make) -> Node:
    checked_arguments(node, "this")
    inner = node.this
    if isinstance(inner, exp.Star):
        return tree.Measure(name, None)
    if isinstance(inner, exp.Distinct):
        checked_arguments(inner, "expressions")
        (part,) = inner.expressions
        return tree.Measure(name, make(part), distinct=True)
    return tree.Measure(name, make(inner))
