"""From the text of an expression to what it is made of.

Nothing is guessed: a construct that is not known here is refused by its name. How operators bind
is checked against SQLite's grammar, whatever the parser thinks of it.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache

from nacre_adapters.tenants.errors import BadExpression, Unsupported
from nacre_adapters.tenants.numerals import number_of_text
from nacre_adapters.tenants.sql import tree
from nacre_adapters.tenants.sql.calls import call_of
from nacre_adapters.tenants.sql.grammar import (
    checked_arguments,
    checked_binding,
)
from nacre_adapters.tenants.sql.library import exp
from nacre_adapters.tenants.sql.places import POSITIONAL
from nacre_adapters.tenants.sql.statement import check_only, check_text, select_around
from nacre_adapters.tenants.sql.tree import Node

_MAX_DEPTH = 200
_MOST_REMEMBERED = 4000
"""Characters: what is parsed of more takes memory that is not worth it."""


@dataclass(frozen=True, slots=True)
class Parsed:
    """Expressions, and what is to be given for their parameters."""

    nodes: tuple[Node, ...]
    positional: int = 0
    """How many ? there are; their parameters are numbered."""

    names: frozenset[str] = frozenset()
    distinct: bool = False


def parse_where(text: str) -> Parsed:
    """Return the condition in a text.

    Raises:
        Unsupported: it holds something that is not run here.
        BadExpression: it is no condition.
    """
    check_text("where", text)
    return _where(text) if len(text) <= _MOST_REMEMBERED else _where.__wrapped__(text)


@lru_cache(maxsize=1024)
def _where(text: str) -> Parsed:
    select, positional = select_around("where", "SELECT 1 FROM t WHERE ", text)
    check_only(select, "where", "WHERE")
    return _parsed("where", text, (select.args["where"].this,), positional)


def parse_order(text: str) -> tuple[tree.Ordered, ...]:
    """Return what a text says to sort by; raises as `parse_where`."""
    check_text("order_by", text)
    return _order(text) if len(text) <= _MOST_REMEMBERED else _order.__wrapped__(text)


@lru_cache(maxsize=256)
def _order(text: str) -> tuple[tree.Ordered, ...]:
    select, positional = select_around("order_by", "SELECT 1 FROM t ORDER BY ", text)
    check_only(select, "order", "ORDER BY")
    if positional:
        raise Unsupported("order_by has no parameters")
    return tuple(_ordered(each, text) for each in select.args["order"].expressions)


def parse_select(text: str) -> Parsed:
    """Return what a text says to select; raises as `parse_where`."""
    check_text("select", text)
    return _selected(text) if len(text) <= _MOST_REMEMBERED else _selected.__wrapped__(text)


@lru_cache(maxsize=256)
def _selected(text: str) -> Parsed:
    select, positional = select_around("select", "SELECT ", text, " FROM t")
    check_only(select, "distinct", "SELECT")
    distinct = select.args.get("distinct")
    if distinct is not None and distinct.args.get("on") is not None:
        raise Unsupported("DISTINCT ON is not supported")
    if positional:
        raise Unsupported("select has no parameters")
    parsed = _parsed("select", text, tuple(select.expressions), 0)
    return Parsed(parsed.nodes, names=parsed.names, distinct=distinct is not None)


def _parsed(what: str, text: str, nodes: tuple[exp.Expr, ...], positional: int) -> Parsed:
    names: set[str] = set()
    try:
        made = tuple(_node(node, names, 0) for node in nodes)
    except RecursionError:
        raise BadExpression(f"{what} is nested too deep: flatten it") from None
    except Unsupported as error:
        raise Unsupported(f"{error} (in {what}: {text[:200]!r})") from None
    named = frozenset(name for name in names if not name.startswith(POSITIONAL))
    return Parsed(made, positional, named)


def _ordered(node: exp.Expr, text: str) -> tree.Ordered:
    assert isinstance(node, exp.Ordered)
    checked_arguments(node, "this", "desc", "nulls_first")
    parsed = _parsed("order_by", text, (node.this,), 0)
    if parsed.names:
        raise Unsupported("order_by has no parameters")
    return tree.Ordered(
        parsed.nodes[0], bool(node.args.get("desc")), bool(node.args.get("nulls_first"))
    )


Names = set[str]
Make = Callable[[exp.Expr, Names, int], Node]


def _node(node: exp.Expr, names: Names, depth: int) -> Node:
    """Return what a node of the parser means; note the names of parameters."""
    if depth > _MAX_DEPTH:
        raise BadExpression(f"an expression is nested deeper than {_MAX_DEPTH} levels: flatten it")
    make = _MAKERS.get(type(node))
    if make is None:
        return call_of(node, lambda part: _node(part, names, depth + 1))
    checked_binding(node)
    return make(node, names, depth + 1)


def _paren(node: exp.Expr, names: Names, depth: int) -> Node:
    checked_arguments(node, "this")
    return _node(node.this, names, depth)


def _column(node: exp.Expr, names: Names, depth: int) -> Node:
    checked_arguments(node, "this", "table")
    if isinstance(node.this, exp.Star):
        raise Unsupported("a star behind a table is not supported: write * alone")
    return tree.ColumnName(node.name, node.text("table") or None)


def _literal(node: exp.Expr, names: Names, depth: int) -> Node:
    text = node.name
    if node.args.get("is_string"):
        return tree.Constant(text)
    if text.isdigit():
        return tree.Constant(number_of_text(text))
    try:
        return tree.Constant(float(text))
    except ValueError:
        raise BadExpression(f"{text[:60]} is no number") from None


def _hexadecimal(node: exp.Expr, names: Names, depth: int) -> Node:
    try:
        return tree.Constant(bytes.fromhex(node.name))
    except ValueError:
        raise BadExpression(f"x'{node.name[:60]}' is no hexadecimal text") from None


def _placeholder(node: exp.Expr, names: Names, depth: int) -> Node:
    checked_arguments(node, "this")
    names.add(node.name)
    return tree.Parameter(node.name)


def _negative(node: exp.Expr, names: Names, depth: int) -> Node:
    part = _node(node.this, names, depth)
    if isinstance(node.this, exp.Literal) and isinstance(part, tree.Constant) and part.value:
        if node.this.name == str(1 << 63):
            # An integer, though the number behind the sign is none.
            return tree.Constant(-(1 << 63))
        if isinstance(part.value, int | float):
            return tree.Constant(-part.value)
    return tree.Arithmetic("-", tree.Constant(0), part)


def _comparison(operator: tree.ComparisonOperator) -> Make:
    def make(node: exp.Expr, names: Names, depth: int) -> Node:
        checked_arguments(node, "this", "expression")
        left, right = _node(node.this, names, depth), _node(node.expression, names, depth)
        return tree.Comparison(operator, left, right)

    return make


def _is(node: exp.Expr, names: Names, depth: int) -> Node:
    checked_arguments(node, "this", "expression")
    part = _node(node.this, names, depth)
    if isinstance(node.expression, exp.Null):
        return tree.IsNull(part)
    if isinstance(node.expression, exp.Boolean):
        return tree.IsTruth(part, bool(node.expression.this))
    return tree.Comparison("is", part, _node(node.expression, names, depth))


def _all(node: exp.Expr, names: Names, depth: int) -> Node:
    return tree.All(tuple(_node(part, names, depth) for part in _chain(node, exp.And)))


def _some(node: exp.Expr, names: Names, depth: int) -> Node:
    return tree.Some(tuple(_node(part, names, depth) for part in _chain(node, exp.Or)))


def _chain(node: exp.Expr, kind: type[exp.Expr]) -> list[exp.Expr]:
    """Return the parts of a AND b AND c, which the parser nests."""
    found, left = [], [node]
    while left:
        part = left.pop()
        if isinstance(part, kind):
            checked_arguments(part, "this", "expression")
            checked_binding(part)
            left += [part.expression, part.this]
        else:
            found.append(part)
    return found


def _negation(node: exp.Expr, names: Names, depth: int) -> Node:
    return tree.Negation(_node(node.this, names, depth))


def _between(node: exp.Expr, names: Names, depth: int) -> Node:
    checked_arguments(node, "this", "low", "high")
    part = _node(node.this, names, depth)
    low, high = (_node(node.args[bound], names, depth) for bound in ("low", "high"))
    return tree.All((tree.Comparison(">=", part, low), tree.Comparison("<=", part, high)))


def _one_of(node: exp.Expr, names: Names, depth: int) -> Node:
    for key, what in (("query", "a subquery"), ("field", "IN without a list")):
        if node.args.get(key):
            raise Unsupported(f"{what} is not supported: write IN (...) with values")
    checked_arguments(node, "this", "expressions")
    values = tuple(_node(value, names, depth) for value in node.expressions)
    return tree.OneOf(_node(node.this, names, depth), values)


def _like(node: exp.Expr, names: Names, depth: int) -> Node:
    checked_arguments(node, "this", "expression", "negate")
    kind = "glob" if isinstance(node, exp.Glob) else "like"
    part, pattern = _node(node.this, names, depth), _node(node.expression, names, depth)
    found = tree.Pattern(kind, part, pattern)  # type: ignore[arg-type]  # one of the two
    return tree.Negation(found) if node.args.get("negate") else found


def _escape(node: exp.Expr, names: Names, depth: int) -> Node:
    checked_arguments(node, "this", "expression")
    inner = node.this
    negated = isinstance(inner, exp.Not)
    like = inner.this if negated else inner
    if not isinstance(like, exp.Like):
        raise Unsupported("ESCAPE without LIKE is not supported")
    found = _like(like, names, depth)
    negated = negated != isinstance(found, tree.Negation)
    pattern = found.part if isinstance(found, tree.Negation) else found
    assert isinstance(pattern, tree.Pattern)
    escape = _node(node.expression, names, depth)
    whole = tree.Pattern("like", pattern.part, pattern.pattern, escape)
    return tree.Negation(whole) if negated else whole


def _arithmetic(operator: tree.ArithmeticOperator) -> Make:
    def make(node: exp.Expr, names: Names, depth: int) -> Node:
        checked_arguments(node, "this", "expression")
        left, right = _node(node.this, names, depth), _node(node.expression, names, depth)
        return tree.Arithmetic(operator, left, right)

    return make


def _choice(node: exp.Expr, names: Names, depth: int) -> Node:
    checked_arguments(node, "this", "ifs", "default")
    base = None if node.this is None else _node(node.this, names, depth)
    whens = []
    for when in node.args["ifs"]:
        condition = _node(when.this, names, depth)
        if base is not None:
            condition = tree.Comparison("=", base, condition)
        whens.append((condition, _node(when.args["true"], names, depth)))
    default = node.args.get("default")
    otherwise = tree.Constant(None) if default is None else _node(default, names, depth)
    return tree.Choice(tuple(whens), otherwise)


_CASTS: Mapping[str, tree.CastTo] = {
    "INT": "integer", "BIGINT": "integer", "SMALLINT": "integer", "TINYINT": "integer",
    "MEDIUMINT": "integer", "FLOAT": "real", "DOUBLE": "real", "TEXT": "text",
    "VARCHAR": "text", "CHAR": "text", "DECIMAL": "numeric", "BLOB": "blob", "VARBINARY": "blob",
}  # fmt: skip


def _cast(node: exp.Expr, names: Names, depth: int) -> Node:
    checked_arguments(node, "this", "to")
    to = node.args["to"]
    found = _CASTS.get(to.this.name if hasattr(to.this, "name") else str(to.this))
    if found is None:
        raise Unsupported(f"CAST AS {to.sql(dialect='sqlite')} is not supported")
    return tree.Cast(_node(node.this, names, depth), found)


def _collated(node: exp.Expr, names: Names, depth: int) -> Node:
    name = node.expression.name.lower()
    if name not in ("binary", "nocase", "rtrim"):
        raise Unsupported(f"COLLATE {node.expression.name} is not supported")
    return tree.Collated(_node(node.this, names, depth), name)


def _named(node: exp.Expr, names: Names, depth: int) -> Node:
    checked_arguments(node, "this", "alias")
    return tree.Named(_node(node.this, names, depth), node.alias)


_MAKERS: Mapping[type[exp.Expr], Make] = {
    exp.Paren: _paren,
    exp.Column: _column,
    exp.Literal: _literal,
    exp.HexString: _hexadecimal,
    exp.Null: lambda node, names, depth: tree.Constant(None),
    exp.Boolean: lambda node, names, depth: tree.Constant(int(bool(node.this))),
    exp.Placeholder: _placeholder,
    exp.Neg: _negative,
    exp.EQ: _comparison("="),
    exp.NEQ: _comparison("!="),
    exp.LT: _comparison("<"),
    exp.LTE: _comparison("<="),
    exp.GT: _comparison(">"),
    exp.GTE: _comparison(">="),
    exp.NullSafeEQ: _comparison("is"),
    exp.NullSafeNEQ: _comparison("is not"),
    exp.Is: _is,
    exp.And: _all,
    exp.Or: _some,
    exp.Not: _negation,
    exp.Between: _between,
    exp.In: _one_of,
    exp.Like: _like,
    exp.Glob: _like,
    exp.Escape: _escape,
    exp.Add: _arithmetic("+"),
    exp.Sub: _arithmetic("-"),
    exp.Mul: _arithmetic("*"),
    exp.Div: _arithmetic("/"),
    exp.Mod: _arithmetic("%"),
    exp.BitwiseAnd: _arithmetic("&"),
    exp.BitwiseOr: _arithmetic("|"),
    exp.BitwiseLeftShift: _arithmetic("<<"),
    exp.BitwiseRightShift: _arithmetic(">>"),
    exp.BitwiseNot: lambda n, names, depth: tree.BitsTurned(_node(n.this, names, depth)),
    exp.DPipe: lambda n, names, depth: tree.Joined(
        _node(n.this, names, depth), _node(n.expression, names, depth)
    ),
    exp.Case: _choice,
    exp.Cast: _cast,
    exp.Collate: _collated,
    exp.Alias: _named,
}
