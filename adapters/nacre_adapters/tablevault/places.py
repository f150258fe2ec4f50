"""From what `TableVault` is given to an open vault: a path, or a vault that is open."""

import os
import shutil
import uuid
import weakref
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import nacre
from nacre.errors import FormatError, InvalidInput, StateError, VaultMissing
from nacre_adapters.tablevault import events
from nacre_adapters.tablevault.errors import TVArgumentError
from nacre_adapters.tablevault.processes import Processes
from nacre_adapters.tablevault.views import Tables

_FILES = "tablevault"
MARKER = ".tablevault"
"""The file that the original marks its directories with."""


@dataclass(frozen=True, slots=True, weakref_slot=True)
class Place:
    """An open vault, and where files are put that users work with."""

    vault: nacre.Vault
    shown: str
    """The path as it was given: what is returned starts with it."""

    is_own: bool = True

    @property
    def tables(self) -> Tables:
        """The view to read from: each call on it sees every commit made before."""
        return self.vault.view(Tables)

    @property
    def processes(self) -> Processes:
        """The processes, in the same way."""
        return self.vault.view(Processes)

    @property
    def files(self) -> Path:
        """The folder of files that users work with: beside a vault in a single file."""
        path = Path(self.shown)
        if not (path.exists() and path.samefile(self.vault.path)):
            path = self.vault.path  # the program has changed its directory meanwhile
        return path / _FILES if path.is_dir() else path.with_name(f"{path.name}-{_FILES}")

    def close(self) -> None:
        """Close the vault, unless someone else does."""
        if self.is_own:
            # The collector may call this inside a transaction of the same vault.
            with suppress(StateError):
                self.vault.close()


def open_place(
    given: str | os.PathLike[str] | nacre.Vault, *, create: bool, description: str
) -> Place:
    """Open what `TableVault` is given.

    With *create* a TableVault that is there is replaced by an empty one; anything else that is
    there is left alone.

    Raises:
        TVArgumentError: there is none, or something else is there.
    """
    if isinstance(given, nacre.Vault):
        place = Place(given, str(given.path), is_own=False)
    else:
        place = _open_path(os.fspath(given), create=create)
    try:
        _register(place.vault)
        if create and not place.tables.is_created:
            data = {"description": description}
            place.vault.record(events.VAULT_CREATED, subject=events.VAULT, data=data)
        elif not place.tables.is_created:
            raise _no_table_vault(place.shown)
    except BaseException:
        place.close()
        raise
    return place


def close_with(owner: object, place: Place) -> "weakref.finalize[[], object]":
    """Close a place when nobody refers to *owner* any more."""
    return weakref.finalize(owner, place.close)


@contextmanager
def opened(given: str | os.PathLike[str] | nacre.Vault) -> Iterator[Place]:
    """Open a TableVault for a `with` block.

    Raises:
        TVArgumentError: there is none.
    """
    place = open_place(given, create=False, description="")
    try:
        yield place
    finally:
        place.close()


def remove(path: Path) -> None:
    """Remove a TableVault, and nothing else, at once: whoever looks sees all of it or nothing.

    Raises:
        TVArgumentError: it is none, or holds what others have put there.
    """
    _check_removable(path)
    aside = path.with_name(f".{path.name}.{uuid.uuid4()}.removed")
    files = path.with_name(f"{path.name}-{_FILES}")
    path.rename(aside)
    for each in (aside, files, path.with_name(f"{path.name}-lock")):
        if each.is_dir() and not each.is_symlink():
            _make_writable(each)
            shutil.rmtree(each)
        else:
            each.unlink(missing_ok=True)


def _open_path(given: str, *, create: bool) -> Place:
    path = Path(given)
    if create:
        _make_room(path)
        path.parent.mkdir(parents=True, exist_ok=True)
    elif not path.exists():
        raise TVArgumentError(f"No folder found at {given}; create a vault with create=True")
    try:
        return Place(nacre.open(path, create=create), given)
    except (FormatError, VaultMissing, InvalidInput) as error:
        raise _no_vault(path, error) from error


def _make_room(path: Path) -> None:
    """Remove the vault at a path, so that another can be made there."""
    if path.is_dir() and not any(path.iterdir()):
        return
    if path.exists():
        remove(path)


def _check_removable(path: Path) -> None:
    """Raise unless a path holds a TableVault and nothing else."""
    if not path.exists():
        raise TVArgumentError(f"No folder found at {path}; correct the path")
    if path.is_symlink():
        raise TVArgumentError(f"{path} is a link: give the path of the vault itself")
    with opened(path) as place:
        kinds = {event.kind.partition(".")[0] for event in place.vault.events()}
    foreign = kinds - {events.VAULT, "nacre"}
    if foreign:
        raise TVArgumentError(
            f"{path} also holds what others recorded ({', '.join(sorted(foreign))}): it is left "
            "as it is"
        )
    strange = [each.name for each in _entries(path) if not _is_of_a_vault(each.name)]
    if strange:
        raise TVArgumentError(
            f"{path} also holds {', '.join(sorted(strange)[:5])}: move that away first"
        )


def _entries(path: Path) -> list[Path]:
    return list(path.iterdir()) if path.is_dir() else []


def _is_of_a_vault(name: str) -> bool:
    return name in {"packs", "holds", _FILES} or name.startswith("vault.mdb")


def _make_writable(folder: Path) -> None:
    for parent, _, _ in os.walk(folder):
        Path(parent).chmod(0o700)


def _register(vault: nacre.Vault) -> None:
    vault.register(Tables)
    vault.register(Processes)


def _no_vault(path: Path, error: Exception) -> TVArgumentError:
    if (path / MARKER).exists():
        return TVArgumentError(
            f"{path} was made by the package tablevault; bring it over with "
            f"`nacre-tablevault import {path} NEW_VAULT`"
        )
    return TVArgumentError(f"Path at {path} is not a TableVault Repository: {error}")


def _no_table_vault(shown: str) -> TVArgumentError:
    return TVArgumentError(
        f"Path at {shown} is not a TableVault Repository: it is a vault without one; "
        "give the open vault and create=True to add it"
    )
