"""The open vaults of a process: a few at a time, so that thousands of tenants cost nothing idle."""

import os
import threading
import time
from collections import OrderedDict
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


class Pool:
    """Opens vaults when they are used; those that are idle longest are closed first.

    What is in use is never closed, so there may be more than *most* for a while. No thread watches:
    what was idle for *idle_seconds* is closed when the next vault is used.
    """

    def __init__(self, most: int = 16, *, idle_seconds: float = 60.0) -> None:
        self._most = most
        self._idle_seconds = idle_seconds
        self._next_look = 0.0
        self._slots: OrderedDict[Path, _Slot] = OrderedDict()
        self._lock = threading.Lock()
        self._pid = os.getpid()

    def take(self, path: Path, vault_id: bytes | None = None) -> nacre.Vault:
        """Return the vault at *path*, open until `give_back`.

        Raises:
            VaultMissing: there is none; a vault that is lost is not made anew.
            CorruptionError: it is another vault than *vault_id*.
        """
        if self._pid != os.getpid():
            self._forget_threads()
        with self._lock:
            slot = self._slots.get(path)
            if slot is not None and not slot.users and slot.file_id != _file_id(path):
                self._drop(path)
                slot = None
            if slot is None:
                vault = _opened(path, vault_id)
                slot = self._slots[path] = _Slot(vault, _file_id(path))
            slot.users += 1
            self._slots.move_to_end(path)
            self._trim(time.monotonic())
        return slot.vault

    def give_back(self, path: Path) -> None:
        """End the use of what `take` returned."""
        with self._lock:
            slot = self._slots.get(path)
            if slot is not None:
                slot.users -= 1
                slot.used = time.monotonic()

    def close(self, path: Path | None = None) -> None:
        """Close a vault, or all that nobody uses."""
        with self._lock:
            wanted = [path] if path is not None else list(self._slots)
            for each in wanted:
                self._drop(each)

    def _trim(self, now: float) -> None:
        """Close what is idle longest while there are too many, and what is idle for long."""
        excess = len(self._slots) - self._most
        if excess <= 0 and now < self._next_look:
            return
        self._next_look = now + self._idle_seconds
        for path, slot in list(self._slots.items()):
            if excess > 0 or slot.used <= now - self._idle_seconds:
                excess -= self._drop(path)

    def _drop(self, path: Path) -> bool:
        """Close a vault that nobody uses; tell whether it was one."""
        slot = self._slots.get(path)
        if slot is None or slot.users:
            return False
        del self._slots[path]
        slot.vault.close()
        return True

    def _forget_threads(self) -> None:
        """In a forked child: the other threads that held the lock or a vault are not here."""
        self._lock = threading.Lock()
        self._pid = os.getpid()
        for slot in self._slots.values():
            slot.users = 0


def _file_id(path: Path) -> FileId | None:
    try:
        found = os.stat(path)  # noqa: PTH116 - at every use of a vault, and half the time
    except OSError:
        return None
    return found.st_dev, found.st_ino


def _opened(path: Path, vault_id: bytes | None) -> nacre.Vault:
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
