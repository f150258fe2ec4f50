"""Everything nacre raises, grouped by what the caller can do about it.

NacreError
├── Conflict         (also RuntimeError)  read again and retry
│   ├── Altered                           ask the collection again
│   └── Mismatch                          a row is not what was expected of it
├── NotFound         (also KeyError)      ask for something that exists
│   ├── Dropped                           take it from a backup, or put it again
│   └── VaultMissing (also FileNotFoundError)  create the vault, or correct the path
├── InvalidInput     (also ValueError)    fix the argument
│   ├── NotUnique                         use a value that no other row has
│   ├── Unstorable                        convert the column that is named, then write again
│   └── WrongKey     (also PermissionError)  give the passphrase or key file of the target
├── StateError       (also RuntimeError)  open, close or lock in the right order
│   ├── Closed                            open the vault again
│   ├── PackageMissing (also ImportError)  install what is named
│   └── ReadOnly     (also PermissionError)  open the vault for writing
├── StorageError     (also OSError)       the disk or the network failed; may be transient
│   ├── DiskFull                          free space, then run the same call again
│   └── Poisoned                          open the vault again and verify it
├── FormatError      (also ValueError)    not a vault, or one that this version cannot read
└── CorruptionError  (also ValueError)    stop; run `nacre verify`, then restore
"""


class NacreError(Exception):
    """The root of the tree; `code` is stable across versions."""

    code = "error"


class Conflict(NacreError, RuntimeError):
    """Someone else wrote first."""

    code = "conflict"

    def __init__(self, *, expected: int, actual: int) -> None:
        super().__init__(
            f"append expected head {expected}, found {actual}: "
            "another writer committed first; read the new commits and retry"
        )
        self.expected = expected
        self.actual = actual


class Mismatch(Conflict):
    """A row does not have the values that the caller expected."""

    code = "mismatch"

    def __init__(self, message: str) -> None:
        NacreError.__init__(self, message)


class Altered(Conflict):
    """What was being read was altered or dropped on the way."""

    code = "altered"

    def __init__(self, message: str) -> None:
        NacreError.__init__(self, message)


class NotFound(NacreError, KeyError):
    """What was asked for does not exist."""

    code = "not_found"

    def __str__(self) -> str:
        # KeyError shows the repr of its argument; a message must stay readable.
        return str(self.args[0]) if self.args else ""


class VaultMissing(NotFound, FileNotFoundError):
    """There is no vault at the path."""

    code = "vault_missing"


class Dropped(NotFound):
    """What was asked for was removed on purpose; the message says by what and when."""

    code = "dropped"


class InvalidInput(NacreError, ValueError):
    """An argument cannot be used as given."""

    code = "invalid_input"


class NotUnique(InvalidInput):
    """Another row has the values that a unique index allows once."""

    code = "not_unique"


class Unstorable(InvalidInput):
    """A value that could not be stored exactly, and so was refused."""

    code = "unstorable"


class WrongKey(InvalidInput, PermissionError):
    """What was given does not open an encrypted target."""

    code = "wrong_key"


class StateError(NacreError, RuntimeError):
    """A call out of order: closed, nested, or from the wrong thread."""

    code = "state"


class Closed(StateError):
    """The handle was closed."""

    code = "closed"


class PackageMissing(StateError, ImportError):
    """A call needs a package that is an extra, and not installed."""

    code = "package_missing"


class ReadOnly(StateError, PermissionError):
    """A write through a read-only handle."""

    code = "read_only"


class StorageError(NacreError, OSError):
    """The disk or the network failed."""

    code = "storage"


class DiskFull(StorageError):
    """There is no space left; nothing was committed."""

    code = "disk_full"


class Poisoned(StorageError):
    """A sync failed earlier, so this handle refuses to write."""

    code = "poisoned"


class FormatError(NacreError, ValueError):
    """The file or directory is not a vault that this version can open."""

    code = "format"


class CorruptionError(NacreError, ValueError):
    """Bytes on disk are not what was written."""

    code = "corruption"
