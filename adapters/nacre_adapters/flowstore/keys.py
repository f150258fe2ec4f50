"""The key that secrets are encrypted with: from the environment, a file, or the system's keyring.

It never lies in the vault. Every use has a key of its own, derived from this one.
"""

import base64
import hmac
import os
import secrets
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from nacre.errors import InvalidInput, StorageError

VARIABLE = "NACRE_FLOWSTORE_KEY"
"""The environment variable that holds the key: 32 bytes in URL-safe base64."""

_SERVICE = "nacre-flowstore"
_USER = "key"
_BYTES = 32


def derived_key(purpose: str) -> bytes:
    """Return the key for one purpose; a first one is made when there is none.

    Raises:
        InvalidInput: there is one, and it is no key.
        StorageError: the file of the key cannot be read or written, or others can read it.
    """
    return hmac.digest(find_key(), f"nacre flowstore {purpose}".encode(), "sha256")


def find_key() -> bytes:
    """Return the key: of the environment, else of the file, else of the keyring, else a new one."""
    named = os.environ.get(VARIABLE)
    if named is not None:
        return _decoded(named, f"the environment variable {VARIABLE}")
    path = key_path()
    if path.exists():
        return _read(path)
    kept = _from_keyring()
    if kept is not None:
        return _decoded(kept, "the system's keyring")
    text = base64.urlsafe_b64encode(secrets.token_bytes(_BYTES)).decode()
    if not _to_keyring(text):
        _write(path, text)
        return _read(path)  # another process may have been first
    return _decoded(text, "the system's keyring")


def key_path() -> Path:
    """Return where the file of the key lies, if there is one."""
    configuration = os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config"
    return Path(configuration) / "nacre" / "flowstore.key"


def _decoded(text: str, where: str) -> bytes:
    try:
        key = base64.urlsafe_b64decode(text.strip().encode("ascii"))
    except (ValueError, UnicodeEncodeError):
        key = b""
    if len(key) != _BYTES:
        # The text may be half a key: it is not shown.
        raise InvalidInput(f"{where} holds no key: give 32 random bytes in URL-safe base64")
    return key


def _read(path: Path) -> bytes:
    try:
        mode = path.stat().st_mode
        if stat.S_IMODE(mode) & 0o077:
            raise StorageError(f"others can read the key in {path}: chmod 600 it, or make another")
        return _decoded(path.read_text(), str(path))
    except OSError as error:
        if isinstance(error, StorageError):
            raise
        raise StorageError(f"the key in {path} cannot be read ({error.strerror})") from error


def _write(path: Path, text: str) -> None:
    """Make the file with its content at once, for nobody else; keep one that is there."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    partial = path.with_name(f"{path.name}.{os.getpid()}.partial")
    handle = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    try:
        os.write(handle, text.encode())
        os.fsync(handle)
        os.link(partial, path)
    except FileExistsError:
        pass
    finally:
        os.close(handle)
        partial.unlink()


def _from_keyring() -> str | None:
    return _with_keyring(lambda ring: ring.get_password(_SERVICE, _USER))


def _to_keyring(text: str) -> bool:
    def store(ring: "_Keyring") -> str | None:
        ring.set_password(_SERVICE, _USER, text)
        return ring.get_password(_SERVICE, _USER)

    return _with_keyring(store) == text


def _with_keyring(use: "Callable[[_Keyring], str | None]") -> str | None:
    """Return what *use* returns; None where there is no keyring, or it is locked."""
    try:
        import keyring  # noqa: PLC0415 - an extra, and slow to find its backend
        from keyring.errors import KeyringError  # noqa: PLC0415 - as above
    except ModuleNotFoundError:
        return None
    try:
        return use(keyring)
    except (KeyringError, RuntimeError):
        return None


class _Keyring(Protocol):
    """What is used of the keyring."""

    def get_password(self, service: str, user: str) -> str | None: ...
    def set_password(self, service: str, user: str, text: str) -> None: ...
