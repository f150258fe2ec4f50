"""The SELECT that the DB-API reads: one collection, conditions with parameters, order, limit.

    SELECT ( * | path {, path} ) FROM name [WHERE condition] [ORDER BY path [ASC|DESC]] [LIMIT n]

Conditions are read with two stacks, so that brackets cost no depth of calls.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from nacre_adapters.modelvault.errors import ModelVaultQueryError
from nacre_adapters.modelvault.kinds import Path

MAX_LIMIT = 1 << 20
_MAX_DEPTH = 100
_TOKEN = re.compile(r"\s*(?:([A-Za-z_][A-Za-z0-9_]*)|(\d+)|(<=|>=|[=<>?(),.*])|(\S))")
_PRECEDENCE = {"or": 1, "and": 2}


@dataclass(frozen=True, slots=True)
class Comparison:
    """A path, an operator, and the number of the parameter."""

    path: Path
    operator: str
    parameter: int


@dataclass(frozen=True, slots=True)
class Joined:
    """Two conditions of which both, or one, must hold."""

    word: str
    left: "Comparison | Joined"
    right: "Comparison | Joined"


Condition = Comparison | Joined


@dataclass(frozen=True, slots=True, kw_only=True)
class Select:
    """A SELECT that was read."""

    columns: tuple[Path, ...] | None
    """None: all of them."""

    collection: str
    condition: Condition | None
    order: tuple[Path, bool] | None
    limit: int | None
    parameters: int


def parse(text: str) -> Select:
    """Return what a SELECT asks for.

    Raises:
        ModelVaultQueryError: it is not understood; says what was expected.
    """
    reader = _Reader(_tokens(text))
    reader.keyword("select")
    columns = _columns(reader)
    reader.keyword("from")
    collection = reader.identifier()
    condition = _condition(reader) if reader.take_word("where") else None
    order = _order(reader) if reader.take_word("order") else None
    limit = _limit(reader) if reader.take_word("limit") else None
    if reader.peek():
        raise _wrong("trailing tokens after SQL statement")
    return Select(
        columns=columns,
        collection=collection,
        condition=condition,
        order=order,
        limit=limit,
        parameters=reader.parameters,
    )


@dataclass(slots=True)
class _Reader:
    """The tokens of a statement, taken one by one."""

    tokens: Sequence[str]
    at: int = 0
    parameters: int = 0

    def peek(self) -> str:
        """Return the next token; at the end the empty string."""
        return self.tokens[self.at] if self.at < len(self.tokens) else ""

    def take(self) -> str:
        """Return the next token, and go on."""
        token = self.peek()
        self.at += 1
        return token

    def take_if(self, token: str) -> bool:
        """Go on if the next token is this one."""
        found = self.peek() == token
        self.at += found
        return found

    def take_word(self, word: str) -> bool:
        """Go on if the next token is this keyword."""
        found = self.peek().lower() == word
        self.at += found
        return found

    def keyword(self, word: str) -> None:
        """Take a keyword, which must be there."""
        if not self.take_word(word):
            raise _wrong(f'expected keyword "{word}"')

    def identifier(self, expected: str = "expected identifier") -> str:
        """Take a name, which must be there."""
        token = self.peek()
        if not token or not (token[0].isalpha() or token[0] == "_"):
            raise _wrong(expected)
        return self.take()

    def path(self, expected: str = "expected identifier") -> Path:
        """Take a dotted path."""
        names = [self.identifier(expected)]
        while self.take_if("."):
            names.append(self.identifier())
        return tuple(names)


@dataclass(slots=True)
class _Stacks:
    """Conditions that were read, each with its depth, and the words that wait to join them."""

    conditions: list[tuple[Condition, int]] = field(default_factory=list)
    words: list[str] = field(default_factory=list)

    def join(self) -> None:
        """Join the last two conditions by the last word."""
        right, right_depth = self.conditions.pop()
        left, left_depth = self.conditions.pop()
        word = self.words.pop()
        # A chain of the same word is flat for whoever evaluates it.
        is_chain = isinstance(left, Joined) and left.word == word
        depth = max(left_depth if is_chain else left_depth + 1, right_depth + 1)
        if depth > _MAX_DEPTH:
            raise _wrong(f"conditions are nested deeper than {_MAX_DEPTH}")
        self.conditions.append((Joined(word, left, right), depth))


def _columns(reader: _Reader) -> tuple[Path, ...] | None:
    if reader.take_if("*"):
        return None
    paths = [reader.path("expected '*' or column list after SELECT")]
    while reader.take_if(","):
        paths.append(reader.path())
    return tuple(paths)


def _condition(reader: _Reader) -> Condition:
    stacks = _Stacks()
    while True:
        while reader.take_if("("):
            stacks.words.append("(")
        stacks.conditions.append((_comparison(reader), 1))
        while reader.take_if(")"):
            _close(stacks)
        word = reader.peek().lower()
        if word not in _PRECEDENCE:
            break
        reader.take()
        while stacks.words and _PRECEDENCE.get(stacks.words[-1], 0) >= _PRECEDENCE[word]:
            stacks.join()
        stacks.words.append(word)
    while stacks.words:
        if stacks.words[-1] == "(":
            raise _wrong("expected ')'")
        stacks.join()
    return stacks.conditions[0][0]


def _close(stacks: _Stacks) -> None:
    while stacks.words and stacks.words[-1] != "(":
        stacks.join()
    if not stacks.words:
        raise _wrong("trailing tokens after SQL statement")
    stacks.words.pop()


def _comparison(reader: _Reader) -> Comparison:
    path = reader.path("expected predicate")
    operator = reader.take()
    if not operator:
        raise _wrong("expected comparison operator")
    if not reader.take_if("?"):
        raise _wrong("expected parameter '?'")
    if operator not in ("=", "<", "<=", ">", ">="):
        raise _wrong("expected one of '=', '<', '<=', '>', '>='")
    reader.parameters += 1
    return Comparison(path, operator, reader.parameters - 1)


def _order(reader: _Reader) -> tuple[Path, bool]:
    reader.keyword("by")
    path = reader.path()
    if reader.take_word("desc"):
        return path, True
    reader.take_word("asc")
    return path, False


def _limit(reader: _Reader) -> int:
    token = reader.take()
    if not token.isdecimal():
        is_name = token[:1].isalpha() or token[:1] == "_"
        raise _wrong("LIMIT must be an integer" if is_name else "expected integer after LIMIT")
    # Text of many digits is not turned into a number: that takes long.
    if len(token) > 18 or int(token) > MAX_LIMIT:
        raise _wrong(f"LIMIT {token[:30]} exceeds maximum {MAX_LIMIT}")
    return int(token)


def _tokens(text: str) -> list[str]:
    tokens, at = [], 0
    end = len(text.rstrip())
    while at < end:
        found = _TOKEN.match(text, at)
        assert found is not None
        if found[4]:
            shown = found[4].replace("'", "\\'")
            raise _wrong(f"unsupported character in SQL: '{shown}'")
        tokens.append(found[1] or found[2] or found[3])
        at = found.end()
    return tokens


def _wrong(what: str) -> ModelVaultQueryError:
    return ModelVaultQueryError(f"query error: {what}")
