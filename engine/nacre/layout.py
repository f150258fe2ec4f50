"""Where the files of a vault lie, and what stands at a path: a vault, nothing, or something else.

flights.vault/        a directory vault
vault.mdb         LMDB: log, tree, views, blob index, small blobs
vault.mdb-lock    LMDB's lock file; worthless when nobody has the vault open
packs/*.pack      larger blobs
runs.nacre            a single-file vault: all of it in one LMDB file
runs.nacre-lock
"""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from nacre.errors import CorruptionError, FormatError, InvalidInput, NacreError, VaultMissing
from nacre.files import create_folder, sync_folder
from nacre.lmdb_file import is_lmdb_file, lock_path

_ENVIRONMENT = "vault.mdb"
_PACKS = "packs"


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """The files of one vault."""

    path: Path
    environment: Path
    packs: Path | None
    """The folder of the packs; None in a single-file vault."""

    @property
    def is_single_file(self) -> bool:
        """Whether everything lies in one file."""
        return self.packs is None


def find_layout(path: Path, *, create: bool, single_file: bool | None) -> Layout:
    """Return the layout of the vault at *path*, or of the one to be created there.

    *single_file* says how to create one; None takes what is there, or a directory.

    Raises:
        VaultMissing: there is none, and *create* is False.
        FormatError: something else is there.
        CorruptionError: it was a vault.
        InvalidInput: a vault of the other layout is there.
    """
    layout = _layout(path, single_file=path.is_file() if single_file is None else single_file)
    if (path.is_dir() and layout.is_single_file) or (path.is_file() and not layout.is_single_file):
        kind = "a directory" if path.is_dir() else "a file"
        raise InvalidInput(f"{path} is {kind}: open it with single_file={path.is_file()}")
    # Before looking for the vault: another process may be creating it meanwhile.
    obstacle = _obstacle(layout)
    if _is_begun(layout.environment):
        _check_begun(layout)
        return layout
    if obstacle is not None:
        raise obstacle
    if not create:
        raise VaultMissing(f"there is no vault at {path}: create one with `nacre init {path}`")
    return layout


def is_vault(path: Path) -> bool:
    """Tell whether a vault, whole or not, seems to be at *path*."""
    layout = _layout(path, single_file=path.is_file())
    return is_lmdb_file(layout.environment)


@contextmanager
def creating(layout: Layout) -> Iterator[None]:
    """Make the folders of a new vault, and keep other processes from doing so at the same time."""
    create_folder(layout.environment.parent)
    folder = os.open(layout.environment.parent, os.O_RDONLY | os.O_CLOEXEC)
    try:
        fcntl.flock(folder, fcntl.LOCK_EX)
        if not _is_begun(layout.environment):
            # A lock file without its data file speaks of a vault that was unlinked.
            lock_path(layout.environment).unlink(missing_ok=True)
        yield
        sync_folder(layout.environment.parent)
    finally:
        os.close(folder)


def _layout(path: Path, *, single_file: bool) -> Layout:
    if single_file:
        # LMDB's lock file lies beside the name: through a link there would be a second one.
        return Layout(path=path, environment=path.resolve(), packs=None)
    return Layout(path=path, environment=path / _ENVIRONMENT, packs=path / _PACKS)


def _is_begun(environment: Path) -> bool:
    return environment.is_file()


def _check_begun(layout: Layout) -> None:
    environment = layout.environment
    if environment.stat().st_size == 0:
        if _has_packs(layout):
            raise _lost(layout, "is empty")
    elif not is_lmdb_file(environment):
        if layout.is_single_file:
            raise _another_kind(layout.path)
        raise _lost(layout, "does not begin as a vault does")


def _another_kind(path: Path) -> FormatError:
    return FormatError(
        f"{path} is not a vault: it is another kind of file, or a vault whose first page is "
        "damaged: correct the path, or restore it from a backup"
    )


def _has_packs(layout: Layout) -> bool:
    return layout.packs is not None and any(layout.packs.glob("*.pack"))


def _lost(layout: Layout, what: str) -> CorruptionError:
    return CorruptionError(f"{layout.environment} {what}: restore the vault from a backup")


def _obstacle(layout: Layout) -> NacreError | None:
    """Return why no vault can be created there, or None."""
    path = layout.path
    if _has_packs(layout):
        return _lost(layout, "is missing, though there are packs")
    if path.is_dir() and _has_others(path, lock_path(layout.environment)):
        return FormatError(
            f"{path} holds files but no vault: correct the path, or create a vault under a new name"
        )
    if path.exists() and not path.is_dir():
        return _another_kind(path)
    parent = next((parent for parent in path.parents if parent.exists()), None)
    if parent is not None and not parent.is_dir():
        return InvalidInput(f"{parent} is a file: choose another place than {path}")
    return None


def _has_others(folder: Path, lock: Path) -> bool:
    # LMDB makes its lock file first, and a vault that was unlinked leaves it behind.
    return any(entry != lock for entry in folder.iterdir())
