"""The parser of reference strings, written by hand so that an error points at its character."""

from collections.abc import Callable
from functools import lru_cache
from typing import NoReturn, TypeVar

from nacre_adapters.tablevault.references.errors import ReferenceSyntaxError
from nacre_adapters.tablevault.references.syntax import (
    CLOSE,
    OPEN,
    QUOTES,
    SELF,
    Condition,
    Part,
    Reference,
    Template,
    is_of_a_name,
)

_MOST_DEPTH = 50

Item = TypeVar("Item")


@lru_cache(maxsize=4096)  # trees are immutable, and a builder's strings are few
def parse(text: str) -> Template:
    """Return what *text* says.

    Where `<<` is not followed by `>>` in its line it is text like any other.

    Raises:
        ReferenceSyntaxError: what stands between the marks is no reference.
    """
    return _Cursor(text).template()


class _Cursor:
    """A place in a string, which the methods move behind what they have read."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.place = 0
        self.depth = 0

    def template(self) -> Template:
        parts: list[Part] = []
        begin = 0
        while (found := self.text.find(OPEN, self.place)) >= 0:
            if not self._is_closed(found):
                self.place = found + 1
                continue
            if found > begin:
                parts.append(self.text[begin:found])
            self.place = found
            parts.append(self.reference())
            begin = self.place
        if begin < len(self.text) or not parts:
            parts.append(self.text[begin:])
        return Template(tuple(parts))

    def reference(self) -> Reference:
        """Read a reference, from its opening marks to its closing ones."""
        start = self.place
        self.depth += 1
        if self.depth > _MOST_DEPTH:
            self.fail("references are nested too deeply")
        self.expect(OPEN)
        self.skip_blanks()
        table = self.table()
        version = self.group("(", ")") if self.sees("(") else None
        columns = self.columns() if self.sees(".") else None
        conditions = self.conditions() if self.sees("[") else ()
        self.skip_blanks()
        if not self.sees(CLOSE):
            self.fail(f"expected {CLOSE!r}{_instead(version, columns, conditions)}")
        self.expect(CLOSE)
        self.depth -= 1
        return Reference(
            table=table, version=version, columns=columns, conditions=conditions, start=start
        )

    def table(self) -> Template | None:
        is_quoted = self.sees_quote()
        name = self.name("the name of a table")
        self.skip_blanks()
        return None if name.parts == (SELF,) and not is_quoted else name

    def columns(self) -> tuple[Template, ...]:
        self.expect(".")
        self.skip_blanks()
        if not self.sees("{"):
            column = self.name("the name of a column")
            self.skip_blanks()
            return (column,)
        self.expect("{")
        columns = self.separated("}", lambda: self.words(",}", "the name of a column"))
        self.skip_blanks()
        return columns

    def conditions(self) -> tuple[Condition, ...]:
        self.expect("[")
        return self.separated("]", self.condition)

    def condition(self) -> Condition:
        column = self.words(":,]", "the name of a column")
        if not self.sees("::"):
            if self.sees(":"):
                self.fail("expected '::' between a column and its value")
            return Condition(column=column)
        self.expect("::")
        low = self.words(":,]", "a value")
        if not self.sees(":"):
            return Condition(column=column, low=low)
        self.expect(":")
        return Condition(column=column, low=low, high=self.words(":,]", "the end of the range"))

    def group(self, opening: str, closing: str) -> Template:
        self.expect(opening)
        words = self.words(closing, "a version or the id of an instance")
        self.expect(closing)
        self.skip_blanks()
        return words

    def separated(self, closing: str, item: Callable[[], Item]) -> tuple[Item, ...]:
        items = [item()]
        while self.sees(","):
            self.expect(",")
            items.append(item())
        if not self.sees(closing):
            self.fail(f"expected ',' or {closing!r}")
        self.expect(closing)
        return tuple(items)

    def name(self, what: str) -> Template:
        """Read what may stand without quotes as a name: letters, digits, `_` and `-`."""
        return self.mixed(what, is_of_a_name)

    def words(self, stops: str, what: str) -> Template:
        """Read text up to one of *stops*; blanks around it do not count."""
        self.skip_blanks()
        found = self.mixed(what, lambda letter: letter not in stops)
        self.skip_blanks()
        return found

    def mixed(self, what: str, is_allowed: Callable[[str], bool]) -> Template:
        start = self.place
        if self.sees_quote():
            return Template((self.quoted(),), start)
        parts: list[Part] = []
        while not self.at_end() and not self.sees(CLOSE):
            if self.sees(OPEN):
                parts.append(self.reference())
            elif is_allowed(self.text[self.place]):
                parts.append(self.plain(is_allowed))
            else:
                break
        return Template(self.stripped(parts, what), start)

    def stripped(self, parts: list[Part], what: str) -> tuple[Part, ...]:
        if parts and isinstance(parts[-1], str):
            parts[-1] = parts[-1].rstrip()
        kept = tuple(part for part in parts if part != "")
        if not kept:
            self.fail(f"expected {what}")
        return kept

    def plain(self, is_allowed: Callable[[str], bool]) -> str:
        begin = self.place
        while not (self.at_end() or self.sees(OPEN) or self.sees(CLOSE)):
            if not is_allowed(self.text[self.place]):
                break
            self.place += 1
        return self.text[begin : self.place]

    def quoted(self) -> str:
        """Read text in quotes, in which a doubled quote stands for one."""
        quote, begin = self.text[self.place], self.place
        pieces: list[str] = []
        while self.text.startswith(quote, self.place):
            end = self.text.find(quote, self.place + 1)
            if end < 0 or "\n" in self.text[begin:end]:
                self.place = begin
                self.fail("these quotes are not closed")
            pieces.append(self.text[self.place + 1 : end])
            self.place = end + 1
        return quote.join(pieces)

    def sees(self, mark: str) -> bool:
        return self.text.startswith(mark, self.place)

    def sees_quote(self) -> bool:
        return not self.at_end() and self.text[self.place] in QUOTES

    def expect(self, mark: str) -> None:
        if not self.sees(mark):
            self.fail(f"expected {mark!r}")
        self.place += len(mark)

    def skip_blanks(self) -> None:
        while not self.at_end() and self.text[self.place] in " \t":
            self.place += 1

    def at_end(self) -> bool:
        return self.place >= len(self.text) or self.text[self.place] == "\n"

    def fail(self, problem: str) -> NoReturn:
        raise ReferenceSyntaxError(self.text, self.place, problem)

    def _is_closed(self, place: int) -> bool:
        close = self.text.find(CLOSE, place)
        return close >= 0 and "\n" not in self.text[place:close]


def _instead(version: object, columns: object, conditions: object) -> str:
    """Say what else could have followed."""
    if conditions:
        return ""
    if columns is not None:
        return " or '['"
    return ", '.' or '['" if version is not None else ", '(', '.' or '['"
