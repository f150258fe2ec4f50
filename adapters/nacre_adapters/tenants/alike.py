"""Look-alikes of SQLAlchemy's exceptions, for where it is missing: the same names and tree."""


class SQLAlchemyError(Exception):
    """The root of what SQLAlchemy raises."""


class ArgumentError(SQLAlchemyError):
    """An argument is wrong."""


class CompileError(SQLAlchemyError):
    """A statement cannot be put together."""


class InvalidRequestError(SQLAlchemyError):
    """A request that cannot be met."""


class NoResultFound(InvalidRequestError):
    """A row was required and there is none."""


class StatementError(SQLAlchemyError):
    """A statement cannot be run."""


class DBAPIError(StatementError):
    """The database refused."""


class DatabaseError(DBAPIError):
    """The database has a problem."""


class OperationalError(DatabaseError):
    """The database cannot be reached, read or written."""


class IntegrityError(DatabaseError):
    """A constraint does not hold."""
