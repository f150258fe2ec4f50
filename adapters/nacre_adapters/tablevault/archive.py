"""A TableVault as one compressed file, back again, and away."""

import lzma
import os
import shutil
import tarfile
import tempfile
from pathlib import Path

from nacre_adapters.tablevault.errors import TVArgumentError
from nacre_adapters.tablevault.places import MARKER, opened, remove

_SUFFIX = ".tar.xz"


def compress_vault(db_dir: str | os.PathLike[str], preset: int = 6) -> None:
    """Write a vault into `<db_dir>.tar.xz` beside it; a file that is there is replaced.

    Nothing is written into the vault meanwhile; readers go on.

    Raises:
        FileNotFoundError: there is no such directory.
        TVArgumentError: it is no TableVault.
        LZMAError: *preset* is none.
    """
    path = Path(db_dir)
    if not path.is_dir():
        raise FileNotFoundError(f"No folder found at {path}; correct the path")
    lzma.LZMACompressor(preset=preset)  # raises before anything is written
    target = _archive_of(path)
    partial = target.with_name(f".{target.name}.partial")
    try:
        with opened(path) as place:
            with place.vault.transaction():
                with lzma.open(partial, "wb", preset=preset) as packed:
                    with tarfile.open(fileobj=packed, mode="w") as archive:
                        archive.add(path, arcname=path.resolve().name, filter=_kept)
        partial.replace(target)
    finally:
        partial.unlink(missing_ok=True)


def decompress_vault(db_dir: str | os.PathLike[str]) -> None:
    """Restore a vault from `<db_dir>.tar.xz`.

    Raises:
        FileNotFoundError: there is no archive.
        TVArgumentError: something is at *db_dir*, or the archive holds no vault.
        CorruptionError: the vault in it is damaged.
    """
    given = Path(db_dir)
    path = given.with_name(given.name.removesuffix(_SUFFIX))
    archive = _archive_of(path)
    if not archive.is_file():
        raise FileNotFoundError(f"there is no archive {archive}; correct the path")
    if path.exists() and (not path.is_dir() or any(path.iterdir())):
        raise TVArgumentError(f"{path} exists; move it away first")
    with tempfile.TemporaryDirectory(dir=path.resolve().parent, prefix=".unpacking-") as folder:
        try:
            with tarfile.open(archive, "r:xz") as found:
                found.extractall(folder, filter="data")
        except (tarfile.TarError, lzma.LZMAError, EOFError) as error:
            raise TVArgumentError(f"{archive} cannot be unpacked: {error}") from error
        whole = _vault_in(Path(folder), archive)
        with opened(whole):
            pass  # what cannot be opened is not put there
        if path.exists():
            path.rmdir()
        shutil.move(whole, path)


def delete_vault(db_dir: str | os.PathLike[str]) -> None:
    """Remove a TableVault with all that is in it.

    Raises:
        TVArgumentError: there is none, or others have put something there.
    """
    remove(Path(db_dir))


def _archive_of(path: Path) -> Path:
    return path.with_name(f"{path.resolve().name}{_SUFFIX}")


def _kept(entry: tarfile.TarInfo) -> tarfile.TarInfo | None:
    """Leave out what belongs to the moment: the lock file of LMDB."""
    return None if entry.name.endswith("vault.mdb-lock") else entry


def _vault_in(folder: Path, archive: Path) -> Path:
    """Return the folder of the vault: that which was packed, or one inside of it."""
    for candidate in (folder, *sorted(folder.iterdir())):
        if (candidate / "vault.mdb").is_file():
            return candidate
        if (candidate / MARKER).is_file():
            raise TVArgumentError(
                f"{archive} holds a vault of the package tablevault: unpack it with tar -xJf, then "
                "bring it over with `nacre-tablevault import`"
            )
    raise TVArgumentError(f"{archive} holds no TableVault")
