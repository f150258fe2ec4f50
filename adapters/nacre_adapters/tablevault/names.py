"""Names that callers give, checked: tables, versions, builders, modules, processes."""

import uuid

from nacre.errors import InvalidInput
from nacre.event import checked_name
from nacre_adapters.tablevault.errors import TVArgumentError, TVFileError

DEFAULT_VERSION = "base"
TEMPORARY = "TEMP_"

_FORBIDDEN = frozenset(
    {
        "EXECUTION_ARCHIVE",
        "builders",
        "ARCHIVED_TRASH",
        "code_functions",
        "metadata",
        "locks",
        "_temp",
        "restart",
        "artifacts",
        "description.yaml",
        ".tablevault",
        "~PROCESS_ID~",
    }
)
_MOST_BYTES = 120


def table_name_of(given: object) -> str:
    """Return a name that a table may have.

    Raises:
        TVArgumentError: it is one that TableVault keeps for itself, or no plain name.
    """
    if isinstance(given, str) and (given in _FORBIDDEN or given.startswith(".")):
        raise TVArgumentError(f"Forbidden Table Name: {given}; choose another")
    return _plain("the name of a table", given)


def version_of(given: object) -> str:
    """Return a version; an empty one is `base`.

    Raises:
        TVArgumentError: it has a `_`, which separates the parts of an instance's id.
    """
    if given == "" or given is None:
        return DEFAULT_VERSION
    version = _plain("a version", given)
    if "_" in version:
        raise TVArgumentError(f"version cannot contain '_' char: {version!r}; use '-'")
    return version


def process_id_of(given: object) -> str:
    """Return the id of a process as it was given, or a new one.

    Raises:
        TVArgumentError: it cannot be an id.
    """
    if given == "" or given is None:
        return str(uuid.uuid4())
    return _plain("the id of a process", given, slash=True)


def file_stem_of(what: str, given: object, suffix: str) -> str:
    """Return the name of a builder or module, without the suffix of its file.

    Raises:
        TVFileError: it is no plain name.
    """
    try:
        return _plain(what, str(given).removesuffix(suffix))
    except TVArgumentError as error:
        raise TVFileError(str(error)) from error


def new_instance_id(version: str, started_ns: int) -> str:
    """Return the id of an instance that a process makes: version, seconds, and what is unique."""
    return f"{version}_{started_ns // 1_000_000_000}_{uuid.uuid4()}"


def temporary_id(version: str) -> str:
    """Return what a temporary instance is called."""
    return f"{TEMPORARY}{version}"


def version_in(instance_id: str) -> str | None:
    """Return the version of a temporary instance; None when the id is of another kind."""
    if not instance_id.startswith(TEMPORARY):
        return None
    return instance_id.removeprefix(TEMPORARY) or None


def _plain(what: str, given: object, *, slash: bool = False) -> str:
    if not isinstance(given, str):
        raise TVArgumentError(f"{what} is a {type(given).__name__}: give a string")
    try:
        name = checked_name(what, given, limit=_MOST_BYTES)
    except InvalidInput as error:
        raise TVArgumentError(str(error)) from error
    if name == ".." or ("/" in name and not slash):
        raise TVArgumentError(f"{what} {name!r} would be a path: leave out '/' and '..'")
    return name
