"""What an expression is made of, once it is understood: nothing here knows a parser or a table."""

from dataclasses import dataclass
from typing import Literal

ComparisonOperator = Literal["=", "!=", "<", "<=", ">", ">=", "is", "is not"]
ArithmeticOperator = Literal["+", "-", "*", "/", "%", "&", "|", "<<", ">>"]
CastTo = Literal["integer", "real", "numeric", "text", "blob"]
CollationName = Literal["binary", "nocase", "rtrim"]


class Node:
    """A part of an expression."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class Constant(Node):
    """A number, a text, bytes or NULL; TRUE and FALSE are 1 and 0."""

    value: object


@dataclass(frozen=True, slots=True)
class Parameter(Node):
    """A value that is given when the expression is run."""

    name: str


@dataclass(frozen=True, slots=True)
class ColumnName(Node):
    """A column, and the table that it is said to be of, or None."""

    name: str
    table: str | None = None


@dataclass(frozen=True, slots=True)
class Comparison(Node):
    """Two values compared."""

    operator: ComparisonOperator
    left: Node
    right: Node


@dataclass(frozen=True, slots=True)
class All(Node):
    """AND."""

    parts: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Some(Node):
    """OR."""

    parts: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Negation(Node):
    """NOT."""

    part: Node


@dataclass(frozen=True, slots=True)
class IsNull(Node):
    """IS NULL."""

    part: Node


@dataclass(frozen=True, slots=True)
class IsTruth(Node):
    """IS TRUE, IS FALSE."""

    part: Node
    truth: bool


@dataclass(frozen=True, slots=True)
class OneOf(Node):
    """IN, with a list."""

    part: Node
    values: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Pattern(Node):
    """LIKE or GLOB."""

    kind: Literal["like", "glob"]
    part: Node
    pattern: Node
    escape: Node | None = None


@dataclass(frozen=True, slots=True)
class Arithmetic(Node):
    """Two numbers put together."""

    operator: ArithmeticOperator
    left: Node
    right: Node


@dataclass(frozen=True, slots=True)
class BitsTurned(Node):
    """The operator ~."""

    part: Node


@dataclass(frozen=True, slots=True)
class Joined(Node):
    """The operator ||."""

    left: Node
    right: Node


@dataclass(frozen=True, slots=True)
class Choice(Node):
    """CASE: conditions with what each gives, and what is given otherwise."""

    whens: tuple[tuple[Node, Node], ...]
    otherwise: Node


@dataclass(frozen=True, slots=True)
class Cast(Node):
    """CAST."""

    part: Node
    to: CastTo


@dataclass(frozen=True, slots=True)
class Call(Node):
    """A function."""

    name: str
    arguments: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Collated(Node):
    """COLLATE."""

    part: Node
    collation: CollationName


@dataclass(frozen=True, slots=True)
class Measure(Node):
    """A figure of all rows: count, sum, total, avg, min or max; of None: of the rows themselves."""

    name: str
    part: Node | None
    distinct: bool = False


@dataclass(frozen=True, slots=True)
class Ordered(Node):
    """A value to sort by; where None stands, or None for as SQLite has it."""

    part: Node
    descending: bool = False
    nulls_first: bool | None = None


@dataclass(frozen=True, slots=True)
class Named(Node):
    """A value that is selected, and what it is called."""

    part: Node
    name: str
