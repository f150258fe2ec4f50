"""What the adapter raises: the exceptions that users of such tables catch, as nacre's own.

SQLAlchemy's classes are used when it is installed, look-alikes otherwise; nothing else imports it.

NacreError
├── NotFound       NotFoundError (also NoResultFound), TableMissing (also OperationalError)
├── InvalidInput   IntegrityError, UnknownColumn, MissingPrimaryKey, NotUnique, BadTenantId
│   ├── Unstorable WrongType: a value is not of the type of its column
│   └── BadExpression  a where, order_by or select that is not understood
│       ├── Unsupported    it is SQL, and this does not run it; names the construct
│       └── BadParameters  other parameters than the expression has places for
├── StateError     XtraSet: what would reach the rows of others
└── TableError     what `register_table` and its like raise; the reason is its cause
"""

import sqlite3
from typing import TYPE_CHECKING, Any

from nacre.errors import InvalidInput, NacreError, NotFound, StateError, Unstorable

if TYPE_CHECKING:
    # One shape for the checker, installed or not: SQLAlchemy's constructors are not used.
    from nacre_adapters.tenants import alike as sql
else:
    try:
        from sqlalchemy import exc as sql
    except ModuleNotFoundError:
        from nacre_adapters.tenants import alike as sql


class _Plain:
    """The message and nothing else: no statement, no parameters, and it can be pickled."""

    statement: Any = None
    params: Any = None
    orig: Any = None

    def __init__(self, message: str = "") -> None:
        Exception.__init__(self, message)  # type: ignore[arg-type]  # it is mixed into exceptions

    def __str__(self) -> str:
        return str(self.args[0]) if self.args else ""  # type: ignore[attr-defined]  # as above

    def __reduce__(self) -> tuple[object, ...]:
        return type(self), self.args  # type: ignore[attr-defined]  # as above


class NotFoundError(_Plain, NotFound, sql.NoResultFound):
    """There is no such row."""

    code = "not_found"


class TableMissing(_Plain, NotFound, sql.OperationalError, sqlite3.OperationalError):
    """There is no such table."""

    code = "not_found"


class IntegrityError(_Plain, InvalidInput, sql.IntegrityError, sqlite3.IntegrityError):
    """A primary key or a unique value is taken, or a key is missing."""

    code = "invalid_input"


class UnknownColumn(
    _Plain, InvalidInput, sql.CompileError, sql.StatementError, sqlite3.OperationalError
):
    """There is no such column."""

    code = "invalid_input"


class MissingPrimaryKey(_Plain, InvalidInput, KeyError):
    """A record does not say which row is meant."""

    code = "invalid_input"


class NotUnique(_Plain, InvalidInput):
    """One row was asked for, and there are several."""

    code = "invalid_input"


class WrongType(_Plain, Unstorable, sql.StatementError):
    """A value is not of the type of its column."""

    code = "unstorable"


class BadTenantId(_Plain, InvalidInput):
    """What was given cannot be the id of a tenant."""

    code = "invalid_input"


class BadExpression(_Plain, InvalidInput, sql.OperationalError, sqlite3.OperationalError):
    """An expression is not understood."""

    code = "invalid_input"


class Unsupported(BadExpression):
    """An expression is SQL that is not run here; the message names the construct."""

    code = "invalid_input"


class BadParameters(BadExpression, sql.ArgumentError):
    """An expression was given other parameters than it has places for."""

    code = "invalid_input"


class XtraSet(_Plain, StateError):
    """The table object has a filter, and this would reach rows beyond it."""

    code = "state"


class TableError(NacreError):
    """A table or an index could not be made or dropped; `__cause__` says why, and nothing was."""

    code = "table"
