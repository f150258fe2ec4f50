"""The open vaults of a process: only what is used, so that thousands of tenants cost nothing.

What nobody uses holds no file for long: a thread closes it when it was idle for a while, and ends
when nothing is idle. Nothing depends on that thread but the number of open files.
"""

import os
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

import nacre
from nacre.errors import CorruptionError, VaultMissing
from nacre_adapters.tenants.views import Tenants

FileId = tuple[int, int]


@dataclass(slots=True)
class _Slot:
    """A vault that is open, and by how many it is used."""

    vault: nacre.Vault
    file_id: FileId | None
    """Which file it was; another one may have taken its place, as when a tenant is restored."""

    users: int = 0
    used: float = 0.0


def open_vault(path: Path, vault_id: bytes | None) -> nacre.Vault:
    """Open a vault that is there, and is the one that the catalogue knows.

    Raises:
        VaultMissing: there is none; a vault that is lost is not made anew.
        CorruptionError: it is another vault than *vault_id*.
    """
    try:
        vault = nacre.open(path, create=False)
    except VaultMissing as error:
        raise VaultMissing(
            f"the vault {path} is gone: put it back, or restore it from a backup"
        ) from error
    if vault_id is not None and vault.vault_id != vault_id:
        vault.close()
        raise CorruptionError(
            f"{path} is not the vault that the catalogue knows: put the right one there, or "
            "restore it from a backup"
        )
    vault.register(Tenants)
    return vault


class Pool:
    """Opens vaults when they are used, and closes them when they are not.

    Of those that are idle at most *most* stay open, the last used, and none for longer than
    *idle_seconds*. What is in use is never closed. A vault is opened and closed outside of the
    lock, so that nobody waits for the disk of another tenant.
    """

    def __init__(
        self,
        most: int = 16,
        *,
        idle_seconds: float = 10.0,
        clock: Callable[[], float] = time.monotonic,
        opener: Callable[[Path, bytes | None], nacre.Vault] = open_vault,
    ) -> None:
        self._most = most
        self._idle_seconds = idle_seconds
        self._clock = clock
        self._opener = opener
        self._slots: OrderedDict[Path, _Slot] = OrderedDict()
        self._watcher: threading.Thread | None = None
        self._lock = threading.Lock()
        self._pid = os.getpid()

    def take(self, path: Path, vault_id: bytes | None = None) -> nacre.Vault:
        """Return the vault at *path*, open until `give_back`.

        Raises: as `open_vault`.
        """
        if self._pid != os.getpid():
            self._forget_threads()
        file_id = _file_id(path)
        with self._lock:
            slot = self._slots.get(path)
            if slot is not None and (slot.users or slot.file_id == file_id):
                slot.users += 1
                self._slots.move_to_end(path)
                return slot.vault
        self.close(path)  # another file has taken its place, if it was there
        return self._entered(path, _Slot(self._opener(path, vault_id), file_id))

    def give_back(self, path: Path) -> None:
        """End the use of what `take` returned."""
        with self._lock:
            slot = self._slots.get(path)
            if slot is not None:
                slot.users = max(0, slot.users - 1)  # a child may be forked inside of a use
                slot.used = self._clock()
                if self._watcher is None:
                    self._watcher = self._watch()

    def close(self, path: Path | None = None) -> None:
        """Close a vault, or all that nobody uses."""
        with self._lock:
            dropped = self._drop(list(self._slots) if path is None else [path])
        _close(dropped)

    def close_idle(self) -> float | None:
        """Close what was idle for long; return in how many seconds there may be more, or None."""
        with self._lock:
            now = self._clock()
            ends = {
                path: slot.used + self._idle_seconds
                for path, slot in self._slots.items()
                if not slot.users
            }
            dropped = self._drop([path for path, end in ends.items() if end <= now])
            later = [end - now for end in ends.values() if end > now]
            if not later:
                self._watcher = None
        _close(dropped)
        return min(later, default=None)

    def _entered(self, path: Path, made: _Slot) -> nacre.Vault:
        """Enter a vault that was just opened, unless another thread was faster; use either."""
        with self._lock:
            slot = self._slots.setdefault(path, made)
            slot.users += 1
            self._slots.move_to_end(path)
            dropped = self._drop(self._surplus())
        _close([*dropped, *([made.vault] if slot is not made else [])])
        return slot.vault

    def _surplus(self) -> list[Path]:
        """Return what is idle and too many, those that were used longest ago."""
        excess = max(0, len(self._slots) - self._most)
        return [path for path, slot in self._slots.items() if not slot.users][:excess]

    def _drop(self, paths: Iterable[Path]) -> list[nacre.Vault]:
        """Forget those of the vaults that nobody uses, and return them: close them unlocked."""
        unused = [path for path in paths if path in self._slots and not self._slots[path].users]
        return [self._slots.pop(path).vault for path in unused]

    def _watch(self) -> threading.Thread | None:
        """Start closing what is idle. Where no thread can be had, it stays open."""
        thread = threading.Thread(target=self._close_in_time, name="nacre-tenants", daemon=True)
        try:
            thread.start()
        except RuntimeError:  # the interpreter ends, or the machine has no thread left
            return None
        return thread

    def _close_in_time(self) -> None:
        pause = threading.Event()
        wait: float | None = self._idle_seconds
        try:
            while wait is not None:
                pause.wait(wait)
                wait = self.close_idle()
        except BaseException:
            self._watcher = None  # the next use starts another one
            raise

    def _forget_threads(self) -> None:
        """In a forked child: the other threads that held the lock or a vault are not here."""
        self._lock = threading.Lock()
        self._watcher = None
        self._pid = os.getpid()
        for slot in self._slots.values():
            slot.users = 0


def _close(vaults: Iterable[nacre.Vault]) -> None:
    for vault in vaults:
        vault.close()


def _file_id(path: Path) -> FileId | None:
    try:
        found = os.stat(path)  # noqa: PTH116 - at every use of a vault, and half the time
    except OSError:
        return None
    return found.st_dev, found.st_ino
