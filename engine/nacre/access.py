"""Coming to a vault by its path: what may be asked for, and what is refused before it is opened."""

import os
from collections.abc import Mapping
from pathlib import Path

from nacre.decision import Transaction
from nacre.errors import InvalidInput
from nacre.event import checked_name
from nacre.frames import FrameVersions
from nacre.opening import current_user, open_store
from nacre.rows import Rows
from nacre.store import Options
from nacre.vault import Vault
from nacre.views.view import Upcast, Upcasts

_DURABILITIES = ("commit", "relaxed")


def open_vault(
    path: str | os.PathLike[str],
    *,
    actor: str | None = None,
    create: bool = True,
    read_only: bool = False,
    durability: str = "commit",
    single_file: bool | None = None,
    upcasts: Mapping[tuple[str, int], Upcast] | None = None,
    untrusted: bool = False,
) -> Vault:
    """Open the vault at *path*, a directory or a file; create it when it is absent.

    Args:
        path: where it lies.
        actor: who commits through this handle; the user of the process when None.
        create: whether to create a missing one.
        read_only: refuse to write; a missing vault is then an error.
        durability: "commit" (what is acknowledged survives a power cut) or "relaxed" (the last
            commits may be lost with the machine; the vault stays whole).
        single_file: create it as one file; when None, take what is there, or a directory.
        upcasts: (kind, version) to a pure function from such data to that of the next version.
        untrusted: check every page of the LMDB file first; about a second for every 20 MB.

    Raises:
        CorruptionError: it is *untrusted*, and its pages are not what LMDB writes.
        VaultMissing: there is none, and it may not be created.
        FormatError: something else is at the path, or a newer nacre wrote it.
        InvalidInput: an argument is not allowed, or the vault has the other layout.
    """
    if durability not in _DURABILITIES:
        allowed = " or ".join(map(repr, _DURABILITIES))
        raise InvalidInput(f"durability is {durability!r}: choose {allowed}")
    options = Options(
        actor=checked_name("actor", current_user() if actor is None else actor),
        read_only=read_only,
        relaxed=durability == "relaxed",
        upcasts=Upcasts(upcasts),
    )
    store = open_store(
        _checked_place(path),
        options,
        Transaction,
        create=create,
        single_file=single_file,
        untrusted=untrusted,
        views=(FrameVersions, Rows),
    )
    return Vault(store)


def _checked_place(path: str | os.PathLike[str]) -> Path:
    if not isinstance(path, str | os.PathLike) or isinstance(os.fspath(path), bytes):
        raise InvalidInput(f"a {type(path).__name__} is no path: give a string or a pathlib.Path")
    if not os.fspath(path) or "\0" in os.fsdecode(path):
        raise InvalidInput(
            "the path of the vault is empty or has a null in it: name a directory or a file"
        )
    place = Path(os.path.abspath(path))  # noqa: PTH100 - resolve() would follow symbolic links
    try:
        str(place).encode()
    except UnicodeEncodeError:
        raise InvalidInput(f"the path {str(place)!r} is not UTF-8: name another place") from None
    return place
