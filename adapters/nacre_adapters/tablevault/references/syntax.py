"""What a reference string says, as a tree: texts, references in them, and references in those.

    <<table(version).{column, column}[column::value, column::low:high]>>

Every part but the marks may be text or a reference of its own. `str` of a tree is a string that
parses to the same tree.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TypeAlias

OPEN, CLOSE = "<<", ">>"
SELF = "self"
INDEX = "index"
"""The column that every table has besides its own: the number of the row."""

QUOTES = "\"'"
_MARKS = frozenset(",:[](){}<>.\n" + QUOTES)


@dataclass(frozen=True, slots=True)
class Template:
    """Text with references in it, in the order in which they stand."""

    parts: "tuple[Part, ...]"
    start: int = field(default=0, compare=False)

    def references(self) -> "Iterator[Reference]":
        """Yield the references that stand directly in the text."""
        return (part for part in self.parts if isinstance(part, Reference))

    def plain(self) -> str | None:
        """Return the text; None when there is a reference in it."""
        texts = [part for part in self.parts if isinstance(part, str)]
        return "".join(texts) if len(texts) == len(self.parts) else None

    def __str__(self) -> str:
        return "".join(str(part) for part in self.parts)


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """Which rows: those whose *column* is *low*, or is from *low* up to but without *high*.

    Without *low*: the row of the table that has the number of the current row in *column*.
    """

    column: Template
    low: Template | None = None
    high: Template | None = None

    def templates(self) -> Iterator[Template]:
        """Yield all that may hold references."""
        return (each for each in (self.column, self.low, self.high) if each is not None)

    def __str__(self) -> str:
        low = "" if self.low is None else f"::{_word(self.low)}"
        high = "" if self.high is None else f":{_word(self.high)}"
        return f"{_word(self.column)}{low}{high}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reference:
    """Some columns and rows of a table."""

    table: Template | None
    """None: the instance that is being made, which is written `self`."""

    version: Template | None = None
    """A version or the id of an instance; None: the latest of all."""

    columns: tuple[Template, ...] | None = None
    """None: all of them."""

    conditions: tuple[Condition, ...] = ()
    start: int = field(default=0, compare=False)

    def templates(self) -> Iterator[Template]:
        """Yield all that may hold references."""
        if self.table is not None:
            yield self.table
        if self.version is not None:
            yield self.version
        yield from self.columns or ()
        for condition in self.conditions:
            yield from condition.templates()

    def nested(self) -> "Iterator[Reference]":
        """Yield the references inside of this one, those inside of them too."""
        for template in self.templates():
            for reference in template.references():
                yield reference
                yield from reference.nested()

    def __str__(self) -> str:
        return f"{OPEN}{self._table()}{self._version()}{self._columns()}{self._rows()}{CLOSE}"

    def _table(self) -> str:
        if self.table is None:
            return SELF
        name = self.table.plain()
        if name is None:
            return str(self.table)
        # A table may be called `self`.
        return name if name != SELF and all(map(is_of_a_name, name)) and name else _quoted(name)

    def _version(self) -> str:
        return "" if self.version is None else f"({_word(self.version)})"

    def _columns(self) -> str:
        if self.columns is None:
            return ""
        return ".{" + ",".join(_word(column) for column in self.columns) + "}"

    def _rows(self) -> str:
        if not self.conditions:
            return ""
        return "[" + ",".join(str(condition) for condition in self.conditions) + "]"


Part: TypeAlias = str | Reference


def is_of_a_name(letter: str) -> bool:
    """Tell whether a letter may stand in a name without quotes."""
    return letter.isalnum() or letter in "_-"


def _word(template: Template) -> str:
    text = template.plain()
    if text is None:
        return str(template)
    needs_quotes = not text or text.strip() != text or not _MARKS.isdisjoint(text)
    return _quoted(text) if needs_quotes else text


def _quoted(text: str) -> str:
    return '"' + text.replace('"', '""') + '"'
