"""What the adapter raises: the exceptions that callers of TableVault catch, as nacre's own.

NacreError
└── TableVaultError
    ├── TVArgumentError       (also InvalidInput, ValueError)   fix the argument
    ├── TVTableError          (also InvalidInput, ValueError)   the table cannot be read or stored
    │   ├── TableMissing      (also NotFound, KeyError)         there is no such table or instance
    │   └── ValueRefused                                        a builder's value is not of its type
    ├── TVBuilderError        (also InvalidInput, ValueError)   fix the builder that is named
    │   └── FunctionFailed                                      fix its function
    ├── TVArtifactError       (also InvalidInput, ValueError)   fix the file or the cell
    │   └── FilesUnnamed                                        remove the files, or name them
    ├── TVFileError           (also StorageError, OSError)      a file cannot be taken in
    │   └── FileMissing       (also NotFound, FileNotFoundError)
    ├── TVLockError           (also StateError)                 wait, resume or stop the holder
    ├── TVProcessError        (also StateError)                 the process is not in that state
    │   ├── TVForcedError                                       somebody stopped this process
    │   └── VaultReadOnly     (also ReadOnly, PermissionError)  open the vault as it is now
    └── TVOpenAIError, TVImplementationError                    never raised here
TableReferenceError           (also InvalidInput, ValueError)   fix the reference; as in the
                                                                original, no TableVaultError
"""

from nacre.errors import InvalidInput, NacreError, NotFound, ReadOnly, StateError, StorageError


class TableVaultError(NacreError):
    """The root of what TableVault raises."""

    code = "tablevault"


class TVArgumentError(TableVaultError, InvalidInput):
    """An argument cannot be used as given."""

    code = "tablevault_argument"


class TVTableError(TableVaultError, InvalidInput):
    """A table is not there, or its content cannot be stored or read."""

    code = "tablevault_table"


class TableMissing(TVTableError, NotFound):
    """There is no such table or instance."""

    __str__ = NotFound.__str__


class TVBuilderError(TableVaultError, InvalidInput):
    """A builder cannot be used as it is written."""

    code = "tablevault_builder"


class FunctionFailed(TVBuilderError):
    """A builder's function gave what it must not, or its process died.

    The execution is paused or fails like after an exception of the function itself.
    """


class ValueRefused(TVTableError):
    """A value that a builder's function gave is none of its column's type; else as above."""


class TVArtifactError(TableVaultError, InvalidInput):
    """A file of an instance is missing, or cannot be kept."""

    code = "tablevault_artifact"


class FilesUnnamed(TVArtifactError):
    """No cell of a strict table names some files: an execution is paused as after `ValueRefused`.

    Whoever removes them goes on with all that was computed.
    """


class TVFileError(TableVaultError, StorageError):
    """A file cannot be taken in or found."""

    code = "tablevault_file"


class FileMissing(TVFileError, NotFound, FileNotFoundError):
    """There is no such builder, code module or description."""

    __str__ = NotFound.__str__


class TVLockError(TableVaultError, StateError):
    """Another process holds what is to be changed."""

    code = "tablevault_lock"


class TVProcessError(TableVaultError, StateError):
    """A process cannot be started, resumed or stopped in the state that it is in."""

    code = "tablevault_process"


class TVForcedError(TVProcessError):
    """Somebody stopped this process while it ran: nothing of it was kept."""


class VaultReadOnly(TVProcessError, ReadOnly):
    """The vault was opened to be read only, or as it was at another time."""


class TVOpenAIError(TableVaultError):
    """Kept for those who import it: nothing here talks to OpenAI."""


class TVImplementationError(TableVaultError):
    """Kept for those who import it."""


class TableReferenceError(InvalidInput):
    """A reference in a builder is not written as one, or refers to nothing."""

    code = "tablevault_reference"


OF_FUNCTIONS = (FunctionFailed, ValueRefused, FilesUnnamed)
"""What is the fault of a user's function, though it is a `TableVaultError`."""


def public_name(error: BaseException) -> str:
    """Return the name of an exception as callers of TableVault know it."""
    known = ("TV", TableReferenceError.__name__)
    for each in type(error).__mro__:
        if each.__module__ == __name__ and each.__name__.startswith(known):
            return each.__name__
    return type(error).__name__


class InterfaceErrors:
    """A `with` block in which errors about arguments become those of the interface.

    What the disk or the vault itself raises stays what it is.
    """

    __slots__ = ()

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if isinstance(error, InvalidInput) and not isinstance(error, TableVaultError):
            raise TVArgumentError(str(error)) from error


as_interface = InterfaceErrors()
