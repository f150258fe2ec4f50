"""How SQLite's operators bind, and which parts of a parsed node are looked at.

A parser that binds an operator otherwise than SQLite, or notes something that nobody reads, would
give a wrong answer; here it gives an error.
"""

from collections.abc import Mapping

from nacre_adapters.tenants.errors import Unsupported
from nacre_adapters.tenants.sql.library import exp

# What the parser notes of its own accord, and what changes nothing.
_HARMLESS = frozenset(
    {
        "safe",
        "typed",
        "big_int",
        "ignore_nulls",
        "is_string",
        "_type",
        "nested",
        "charset",
        "quoted",
    }
)

_NAMES: Mapping[type[exp.Expr], str] = {
    exp.RegexpLike: "REGEXP",
    exp.JSONExtract: "->",
    exp.JSONExtractScalar: "->>",
    exp.Chr: "the function CHAR",
}
_TEXT = "nacre_text"
_ATOM = 100
_BINDING: Mapping[type[exp.Expr], int] = {
    exp.Or: 0,
    exp.And: 1,
    exp.Not: 2,
    **dict.fromkeys(
        (
            exp.EQ, exp.NEQ, exp.Is, exp.NullSafeEQ, exp.NullSafeNEQ, exp.In, exp.Like,
            exp.Glob, exp.Escape, exp.Between,
        ),
        3,
    ),
    **dict.fromkeys((exp.LT, exp.LTE, exp.GT, exp.GTE), 4),
    **dict.fromkeys(
        (exp.BitwiseAnd, exp.BitwiseOr, exp.BitwiseLeftShift, exp.BitwiseRightShift), 6
    ),
    **dict.fromkeys((exp.Add, exp.Sub), 7),
    **dict.fromkeys((exp.Mul, exp.Div, exp.Mod), 8),
    exp.DPipe: 9,
    exp.Collate: 10,
    **dict.fromkeys((exp.Neg, exp.BitwiseNot), 11),
}  # fmt: skip
_ESCAPE = 5


def checked_binding(node: exp.Expr) -> None:
    """Refuse a node whose operands SQLite would not have put together like this.

    Raises:
        Unsupported: parentheses would make it plain.
    """
    binding = _BINDING.get(type(node))
    if binding is None:
        return
    least = binding
    if isinstance(node, exp.Escape) and isinstance(node.this, exp.Not):
        least = 2  # NOT LIKE ... ESCAPE
    _check(node.this, least)
    # Operators of one level go from left to right; for AND and OR it is all one.
    behind = binding if isinstance(node, exp.And | exp.Or) else binding + 1
    for key in ("expression", "low", "high"):
        other = node.args.get(key)
        if isinstance(other, exp.Expr):
            _check(other, _ESCAPE if isinstance(node, exp.Escape) else behind)


def _check(operand: exp.Expr, least: int) -> None:
    if _BINDING.get(type(operand), _ATOM) < least:
        raise Unsupported(
            f"{operand.sql(dialect='sqlite')[:80]} is the operand of another operator: "
            "put parentheses around it"
        )


def checked_arguments(node: exp.Expr, *known: str) -> None:
    """Refuse a node that says more than is looked at.

    Raises:
        Unsupported: it does.
    """
    for key, value in node.args.items():
        if value and key not in known and key not in _HARMLESS:
            raise Unsupported(f"{node.sql(dialect='sqlite')[:80]} is not supported")


def note_text(root: exp.Expr | None, text: str) -> None:
    """Note what was parsed, so that functions can be called what users call them."""
    if root is not None:
        root.meta[_TEXT] = text


def _written(node: exp.Expr) -> str:
    """Return the name of a function as it is written; the parser has names of its own."""
    text, start = node.root().meta.get(_TEXT), node.meta.get("start")
    return "" if text is None or start is None else text[start : node.meta["end"] + 1].upper()


def name_of(node: exp.Expr) -> str:
    """Return what a construct is called in SQL."""
    if isinstance(node, exp.Anonymous):
        return f"the function {node.name.upper()}"
    if isinstance(node, exp.Func):
        written = _written(node)
        if not written and type(node) in _NAMES:
            return _NAMES[type(node)]
        return f"the function {written or node.sql_name()}"
    if isinstance(node, exp.Query | exp.Subquery):
        return "a subquery" if isinstance(node, exp.Select | exp.Subquery) else node.key.upper()
    if isinstance(node, exp.Star):
        return "*"
    return node.key.upper()
