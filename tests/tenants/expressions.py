"""Random conditions of SQL, and tables to ask them of, for SQLite and for us."""

import random
import sqlite3
from collections.abc import Sequence

INTEGERS = (0, 1, 2, 3, 5, 7, -1, -4, 10, 42, 9007199254740993, (1 << 63) - 1, -(1 << 63))
REALS = (0.0, 0.5, 1.0, 1.5, 2.0, -1.0, -2.25, 3.0, 1e20, 1e-5, 100.125)
TEXTS = (
    "", "a", "A", "b", "abc", "ABC", "aBc", "1", "1.0", "01", " 1", "1 ", "-1", "2", "10", "1e1",
    "1abc", "a%b", "a_b", "it's", "é", "É", "ñandú", "x y", "  x ", "2024-01-01", "true", "NULL",
)  # fmt: skip
BLOBS = (b"", b"a", b"1", b"\x00\xff", b"abc")

COLUMNS = ("i", "j", "r", "s", "t", "f", "b")


class Writer:
    """Writes random conditions."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)

    def rows(self, count: int) -> list[dict[str, object]]:
        def some(values: Sequence[object]) -> object:
            return None if self.random.random() < 0.2 else self.random.choice(values)

        return [
            {
                "id": number,
                "i": some(INTEGERS),
                "j": some((0, 1, 2, 3)),
                "r": some(REALS),
                "s": some(TEXTS),
                "t": some(("a", "b", "abc", "1", "2.5")),
                "f": some((True, False)),
                "b": some(BLOBS),
            }
            for number in range(count)
        ]

    def condition(self, depth: int = 3) -> str:
        pick = self.random.random()
        if depth == 0 or pick < 0.45:
            return self.simple(depth)
        if pick < 0.65:
            joined = self.random.choice((" and ", " or "))
            count = self.random.choice((2, 2, 3))
            return self.maybe_in(joined.join(self.condition(depth - 1) for _ in range(count)))
        if pick < 0.75:
            return f"not {self.condition(depth - 1)}"
        return f"({self.condition(depth - 1)})"

    def maybe_in(self, text: str) -> str:
        return f"({text})" if self.random.random() < 0.6 else text

    def simple(self, depth: int) -> str:
        value = lambda: self.value(min(depth, 2))  # noqa: E731
        column = self.random.choice(COLUMNS)
        kinds = (
            lambda: f"{column} {self.operator()} {self.literal()}",
            lambda: f"{value()} {self.operator()} {value()}",
            lambda: f"{value()} is {self.random.choice(('', 'not '))}null",
            lambda: f"{value()} {self.random.choice(('is', 'is not'))} {value()}",
            lambda: f"{value()} {self.negated()}between {value()} and {value()}",
            lambda: f"{value()} {self.negated()}in ({self.several(value)})",
            lambda: f"{column} {self.negated()}in ({self.several(self.literal)})",
            lambda: f"{value()} {self.negated()}like {self.like()}",
            lambda: f"s {self.negated()}glob {self.glob()}",
            lambda: (
                f"{value()} is {self.random.choice(('', 'not '))}"
                f"{self.random.choice(('true', 'false'))}"
            ),
            value,
            lambda: f"{column} {self.operator()} {self.literal()} collate nocase",
        )
        return self.random.choice(kinds)()

    def operator(self) -> str:
        return self.random.choice(("=", "==", "!=", "<>", "<", "<=", ">", ">="))

    def negated(self) -> str:
        return self.random.choice(("", "not "))

    def several(self, make: object) -> str:
        return ", ".join(make() for _ in range(self.random.choice((0, 1, 2, 3, 4))))  # type: ignore[operator]

    def value(self, depth: int) -> str:
        pick = self.random.random()
        if depth == 0 or pick < 0.35:
            return self.random.choice(COLUMNS)
        if pick < 0.6:
            return self.literal()
        left, right = self.value(depth - 1), self.value(depth - 1)
        operator = self.random.choice(("+", "-", "*", "/", "%", "||", "&", "|", "<<", ">>"))
        plain = self.random.choice(("s", "t", "i", "'abc'", "j"))
        kinds = (
            lambda: f"({left} {operator} {right})",
            lambda: f"{self.random.choice(('i', 'j', 'r', '2'))} {operator} {self.literal()}",
            lambda: f"-{self.random.choice(('i', 'r', 's', '(i)', '3'))}",
            lambda: f"~{self.random.choice(('i', 'j', 'r'))}",
            lambda: self.call(left, right, plain),
            lambda: self.call(left, right, plain),
            lambda: f"case when {self.condition(0)} then {left} else {right} end",
            lambda: f"case {left} when {right} then {self.literal()} end",
            lambda: f"cast({left} as {self.random.choice(('integer', 'real', 'text', 'numeric'))})",
            lambda: f"({self.condition(0)})",
        )
        return self.random.choice(kinds)()

    def call(self, left: str, right: str, plain: str) -> str:
        number = self.random.choice((-3, -1, 0, 1, 2, 3))
        return self.random.choice(
            (
                f"length({left})", f"lower({plain})", f"upper({plain})", "abs(j)", "abs(r)",
                f"coalesce({left}, {right})", f"ifnull({left}, {right})",
                f"nullif({left}, {right})", f"iif({left}, {right}, 1)", f"typeof({left})",
                f"min({left}, {right})", f"max({left}, {right})", "round(r)",
                f"substr({plain}, {number})", f"substr({plain}, {number}, {number + 1})",
                f"trim({plain})", f"ltrim({plain}, 'a ')", f"rtrim({plain}, 'b1')",
                f"replace({plain}, 'a', 'zz')", f"instr({plain}, 'b')", f"hex({plain})",
            )
        )  # fmt: skip

    def literal(self) -> str:
        pick = self.random.random()
        if pick < 0.35:
            return str(self.random.choice(INTEGERS[:-2]))
        if pick < 0.55:
            return repr(self.random.choice(REALS))
        if pick < 0.85:
            return "'" + str(self.random.choice(TEXTS)).replace("'", "''") + "'"
        return self.random.choice(("null", "true", "false", "x'61'", "x''"))

    def like(self) -> str:
        pattern = self.random.choice(
            ("a%", "%b", "A_C", "%", "_", "a\\%b", "%é%", "1%", "", "a!_b")
        )
        return f"'{pattern}'" + self.random.choice(("", "", " escape '!'", " escape '\\'"))

    def glob(self) -> str:
        choices = ("a*", "*b", "A?C", "[aA]*", "[^a]*", "[a-c]", "*", "", "[", "[]a]", "*[0-9]*")
        return f"'{self.random.choice(choices)}'"


def sqlite_with(rows: Sequence[dict[str, object]]) -> sqlite3.Connection:
    database = sqlite3.connect(":memory:")
    database.execute(
        "create table t (id integer primary key, i integer, j integer, r float, s varchar,"
        " t varchar, f boolean, b blob)"
    )
    marks = ", ".join(f":{name}" for name in ("id", *COLUMNS))
    database.executemany(f"insert into t values ({marks})", rows)
    return database
