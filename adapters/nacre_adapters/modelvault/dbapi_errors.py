"""The exceptions of PEP 249, and how errors of the database become both.

Warning:
Error
├── InterfaceError       IsClosed
└── DatabaseError
    ├── DataError        BadValue
    ├── OperationalError Unavailable
    ├── ProgrammingError BadStatement, BadName, BadArgument
    └── IntegrityError, InternalError, NotSupportedError
"""

from nacre.errors import NacreError, StateError
from nacre_adapters.modelvault.errors import (
    CannotOpen,
    Malformed,
    ModelVaultFormatError,
    ModelVaultQueryError,
    ModelVaultSchemaError,
    OutOfRange,
    WrongType,
)


class Warning(Exception):  # noqa: A001 - its name in PEP 249
    """Something that the caller may want to know."""


class Error(Exception):
    """Everything that goes wrong."""


class InterfaceError(Error):
    """The interface was used wrongly."""


class DatabaseError(Error):
    """The database has a reason."""


class DataError(DatabaseError):
    """A value is wrong."""


class OperationalError(DatabaseError):
    """The file cannot be opened or read."""


class IntegrityError(DatabaseError):
    """Nothing that only reads raises it."""


class InternalError(DatabaseError):
    """Nothing raises it."""


class ProgrammingError(DatabaseError):
    """The statement is wrong."""


class NotSupportedError(DatabaseError):
    """There is no such thing here."""


class IsClosed(StateError, InterfaceError):
    """A connection or a cursor was closed."""


class BadStatement(ModelVaultQueryError, ProgrammingError):
    """A statement is not understood."""


class BadName(ModelVaultSchemaError, ProgrammingError):
    """There is no such collection."""


class BadArgument(Malformed, ProgrammingError):
    """A path or the parameters are wrong."""


class BadValue(WrongType, DataError):
    """A parameter is of another type than its field."""


class BadNumber(OutOfRange, DataError):
    """A parameter is too large or too small for its field."""


class Unavailable(CannotOpen, OperationalError):
    """The file cannot be opened."""


class Unreadable(ModelVaultFormatError, OperationalError):
    """The file is damaged, or something else."""


class DbapiErrors:
    """A `with` block in which errors of the database become those of PEP 249 as well."""

    __slots__ = ()

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if isinstance(error, NacreError) and not isinstance(error, Error):
            for known in _KNOWN:
                if isinstance(error, known.__mro__[1]):
                    raise known(str(error)) from error


as_dbapi = DbapiErrors()

_KNOWN = (BadStatement, BadName, BadArgument, BadValue, BadNumber, Unavailable, Unreadable)
