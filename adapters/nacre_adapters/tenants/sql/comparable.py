"""What can be compared here: values of SQL, and operands without ways of their own."""

import math
from dataclasses import fields
from decimal import Decimal

from nacre_adapters.tenants.errors import BadExpression, Unsupported
from nacre_adapters.tenants.sql import tree
from nacre_adapters.tenants.sql.values import Value

_MOST_DIGITS = 10_000


def check_compared(*nodes: tree.Node) -> None:
    """Refuse what SQLite compares in ways of its own.

    Raises:
        Unsupported: COLLATE deep inside of what is compared, or IS with an empty IN.
    """
    for node in nodes:
        if is_collated(node.part if isinstance(node, tree.Collated) else node):
            raise Unsupported("COLLATE inside of what is compared is not supported: put it behind")
        listed = node.part if isinstance(node, tree.Negation) else node
        if isinstance(listed, tree.OneOf) and not listed.values:
            raise Unsupported("comparing with an empty IN () is not supported")


def is_collated(node: object) -> bool:
    """Tell whether COLLATE stands anywhere in an expression."""
    if isinstance(node, tree.Collated):
        return True
    if isinstance(node, tuple):
        return any(map(is_collated, node))
    if not isinstance(node, tree.Node):
        return False
    return any(is_collated(getattr(node, name.name)) for name in fields(node))  # type: ignore[arg-type]  # all are dataclasses


def parameter_value(name: str, value: object) -> Value:
    """Return a parameter as SQL sees it.

    Raises:
        BadExpression: it is no value of SQL.
    """
    match value:
        case None | str() | bytes():
            return value
        case Decimal():
            return _decimal(name, value)
        case bool():
            return int(value)
        case int():
            if not -(1 << 63) <= value < 1 << 63:
                raise BadExpression(f"the parameter {name} is {value}, which has over 64 bits")
            return value
        case float():
            return None if math.isnan(value) else value
    raise BadExpression(
        f"the parameter {name} is a {type(value).__name__}, which is no value of SQL: "
        "give each value a parameter of its own"
    )


def _decimal(name: str, value: Decimal) -> Value:
    if value.is_nan():
        return None
    if not value.is_finite():
        return float(value)
    if abs(value.adjusted()) > _MOST_DIGITS:
        raise BadExpression(
            f"the parameter {name} is {value:.3e}, which is no number to reckon with"
        )
    return value
