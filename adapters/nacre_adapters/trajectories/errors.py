"""What the adapter raises: the exceptions that pyTAMS and its callers catch, as nacre's own.

SQLAlchemy's classes are used when it is installed, look-alikes otherwise; nothing else imports it.

NacreError
├── NotFound        TrajectoryMissing (also ValueError), NoResultFound
├── InvalidInput    StatementError, IntegrityError, ProgrammingError
├── StorageError    OperationalError: cannot be opened, read or written now
└── FormatError     DatabaseError: the file is something else
"""

import logging
from typing import TYPE_CHECKING, Any

from nacre.errors import (
    CorruptionError,
    FormatError,
    InvalidInput,
    NacreError,
    NotFound,
    StorageError,
)

if TYPE_CHECKING:
    # One shape for the checker, installed or not: SQLAlchemy's constructors are not used.
    from nacre_adapters.trajectories import alike as sql
else:
    try:
        from sqlalchemy import exc as sql
    except ModuleNotFoundError:
        from nacre_adapters.trajectories import alike as sql

SQLAlchemyError = sql.SQLAlchemyError

# The original's: whoever listens to it goes on hearing.
_logger = logging.getLogger("pytams.sqldb")


class _Plain:
    """The message and nothing else: no statement, no parameters, and it can be pickled."""

    statement: Any = None
    params: Any = None
    orig: Any = None

    def __init__(self, message: str) -> None:
        Exception.__init__(self, message)  # type: ignore[arg-type]  # it is mixed into exceptions

    def __str__(self) -> str:
        return str(self.args[0]) if self.args else ""  # type: ignore[attr-defined]  # as above

    def __reduce__(self) -> tuple[object, ...]:
        return type(self), self.args  # type: ignore[attr-defined]  # as above


class TrajectoryMissing(NotFound, ValueError):
    """There is no trajectory, archived trajectory or iteration of that number."""


class NoResultFound(_Plain, NotFound, sql.NoResultFound):
    """There is no such trajectory to update."""

    code = "not_found"


class StatementError(_Plain, InvalidInput, sql.StatementError):
    """A value cannot be stored as JSON."""

    code = "invalid_input"


class IntegrityError(_Plain, InvalidInput, sql.IntegrityError):
    """A value that must be given is missing."""

    code = "invalid_input"


class ProgrammingError(_Plain, InvalidInput, sql.ProgrammingError):
    """A value has a type that the database does not know."""

    code = "invalid_input"


class OperationalError(_Plain, StorageError, sql.OperationalError):
    """The file cannot be opened, read or written now."""

    code = "storage"


class DatabaseError(_Plain, FormatError, sql.DatabaseError):
    """The file is something else, or damaged."""

    code = "format"


class InterfaceErrors:
    """A `with` block in which errors of the engine become those of the interface.

    They are logged too, as the original does: its runners drop what workers raise.
    """

    __slots__ = ()

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if isinstance(error, NacreError) and not isinstance(error, _OWN):
            raised = _of_the_interface(error)
            _logger.error("%s: %s", type(raised).__name__, raised)
            raise raised from error


as_interface = InterfaceErrors()

_OWN = (SQLAlchemyError, TrajectoryMissing)


def _of_the_interface(error: NacreError) -> NacreError:
    if isinstance(error, FormatError | CorruptionError):
        return DatabaseError(str(error))
    if isinstance(error, InvalidInput):
        return StatementError(str(error))
    return OperationalError(str(error))
