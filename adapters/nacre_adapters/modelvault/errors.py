"""What the adapter raises: the classes that ModelVault's callers catch, as nacre's own.

NacreError
├── FormatError     ModelVaultFormatError
├── InvalidInput    ModelVaultSchemaError, ModelVaultValidationError, ModelVaultQueryError,
│                   Malformed (a plain ValueError there)
├── StateError      ModelVaultTransactionError, Blocked (a plain RuntimeError there)
└── StorageError    CannotOpen (a plain OSError there)

A value of a wrong type is a TypeError, an OverflowError or an AttributeError there; here it is
a ModelVaultValidationError as well.
"""

from nacre.errors import (
    CorruptionError,
    FormatError,
    InvalidInput,
    NacreError,
    NotUnique,
    ReadOnly,
    StateError,
    StorageError,
)


class ModelVaultFormatError(FormatError):
    """The file is something else, damaged, or a row is larger than a file may hold."""


class ModelVaultSchemaError(InvalidInput):
    """A collection, a field or an index is not as the call supposes."""


class ModelVaultValidationError(InvalidInput):
    """A value is missing, or against its constraints."""


class ModelVaultQueryError(InvalidInput):
    """A query or a SELECT cannot be answered."""


class ModelVaultTransactionError(StateError):
    """Transactions do not nest, and some calls are for outside of them."""


class Malformed(InvalidInput):
    """An argument is not of the form that is asked for."""


class Blocked(StateError):
    """Another thread or task keeps its transaction open."""


class CannotOpen(StorageError):
    """The file cannot be opened, made or locked."""


class WrongType(ModelVaultValidationError, TypeError):
    """A value or an argument is of another type."""


class UnsupportedType(Malformed, TypeError):
    """No schema has the type of a field of a model."""


class OutOfRange(ModelVaultValidationError, OverflowError):
    """A number is too large or too small."""


class NoSuchAttribute(ModelVaultValidationError, AttributeError):
    """A value does not have what its type needs."""


def no_instance(value: object, kind: str, *, argument: str | None = None) -> WrongType:
    """Return the error for a value or an argument that is not of a kind."""
    shown = "'None'" if value is None else f"'{type(value).__name__}' object"
    of = "" if argument is None else f"argument '{argument}': "
    return WrongType(f"{of}{shown} is not an instance of '{kind}'")


class InterfaceErrors:
    """A `with` block in which errors of the engine become those of the interface."""

    __slots__ = ()

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if isinstance(error, NacreError):
            known = _of_the_interface(error)
            if known is not None:
                raise known from error


as_interface = InterfaceErrors()


def _of_the_interface(error: NacreError) -> NacreError | None:
    if isinstance(error, NotUnique):
        return ModelVaultSchemaError("schema error: unique index violation")
    if isinstance(error, ReadOnly):
        return CannotOpen(f"Bad file descriptor (os error 9): {error}")
    if isinstance(error, CorruptionError):
        return ModelVaultFormatError(f"format error: {error}")
    return None
