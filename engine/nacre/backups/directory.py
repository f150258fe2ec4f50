"""A target in a directory: a disk, a mounted share, a stick.

    target/config/0           what the target is
    target/packs/<32 hex>     and other folders of the same kind
    target/partial/<32 hex>   a file that is being written, or whose writer died

A file is written under a name of its own, made durable, then linked to the name that it is
found under: what is found is whole.
"""

import os
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from nacre.clock import now_ns
from nacre.errors import NotFound
from nacre.files import Files, OsFiles, create_folder, map_file, storage_error
from nacre.hashing import Buffer

_PARTIAL = "partial"
_DEAD_AFTER_NS = 24 * 3600 * 10**9


class DirectoryTarget:
    """`Target` in a directory, which is made when something is put first."""

    def __init__(self, path: Path, files: Files | None = None) -> None:
        self.path = path
        self._files = files or OsFiles()
        self._is_prepared = False

    def put(self, name: str, parts: Sequence[Buffer]) -> bool:
        path = self.path / name
        if path.exists():
            return False
        partial = self.path / _PARTIAL / os.urandom(16).hex()
        try:
            self._prepare()
            create_folder(path.parent)
            try:
                self._write(partial, parts)
                self._files.link(partial, path)
            except FileExistsError:
                return False
            finally:
                self._files.remove(partial)
        except OSError as error:
            raise storage_error(f"write {path}", error) from error
        return True

    def get(self, name: str) -> Buffer:
        path = self.path / name
        try:
            return map_file(path)
        except FileNotFoundError:
            raise NotFound(f"there is no {path}") from None
        except OSError as error:
            raise storage_error(f"read {path}", error) from error

    def list(self, folder: str) -> dict[str, int]:
        try:
            with os.scandir(self.path / folder) as entries:
                sizes = {f"{folder}/{e.name}": e.stat().st_size for e in entries if e.is_file()}
        except FileNotFoundError:
            return {}
        except OSError as error:
            raise storage_error(f"list {self.path / folder}", error) from error
        return dict(sorted(sizes.items()))

    def delete(self, name: str) -> None:
        try:
            self._files.remove(self.path / name)
        except OSError as error:
            raise storage_error(f"remove {self.path / name}", error) from error

    def _write(self, partial: Path, parts: Sequence[Buffer]) -> None:
        descriptor = self._files.open_append(partial, create=True)
        try:
            self._files.append(descriptor, parts)
            self._files.sync(descriptor)
        finally:
            os.close(descriptor)

    def _prepare(self) -> None:
        """Make the folder of partial files, and clear it of those whose writers died long ago."""
        if self._is_prepared:
            return
        folder = self.path / _PARTIAL
        create_folder(folder)
        dead = now_ns() - _DEAD_AFTER_NS
        with suppress(FileNotFoundError):  # another process clears it too
            for partial in list(folder.iterdir()):
                if partial.stat().st_mtime_ns < dead:
                    partial.unlink(missing_ok=True)
        self._is_prepared = True

    def __str__(self) -> str:
        return str(self.path)
