"""Secrets beside the vault: one file of ciphertexts, so that what is deleted is gone.

The log is for ever, so no secret, not even encrypted, may enter it. Each ciphertext is bound to
its connection and field. The file is replaced as a whole, under a lock.
"""

import base64
import fcntl
import json
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from nacre.errors import CorruptionError, PackageMissing
from nacre_adapters.flowstore.connections.errors import SecretMissing

try:
    from cryptography.exceptions import InvalidTag
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM
except ModuleNotFoundError:  # an extra: said when a secret is met
    AESGCM = None  # type: ignore[assignment, misc]  # as was said

_NONCE = 12


class Secrets:
    """The ciphertexts of one vault, by the reference that the log has of each."""

    def __init__(self, path: Path, key: Callable[[], bytes]) -> None:
        self._path = path
        self._key = key

    def put(self, secrets: Mapping[str, str]) -> None:
        """Encrypt and store texts by their references; durable when it returns."""
        if not secrets:
            return
        with self._changing() as kept:
            for reference, text in secrets.items():
                kept[reference] = self._encrypted(reference, text)

    def get(self, reference: str) -> str:
        """Return the text of a reference.

        Raises:
            SecretMissing: it was deleted, or encrypted with another key.
        """
        token = self._read().get(reference)
        if token is None:
            raise SecretMissing("a secret is not beside this vault: set it again with update")
        return self._decrypted(reference, token)

    def delete(self, references: list[str]) -> None:
        """Forget texts; those that are not there too."""
        if references and self._path.exists():
            with self._changing() as kept:
                for reference in references:
                    kept.pop(reference, None)

    def _encrypted(self, reference: str, text: str) -> str:
        nonce = os.urandom(_NONCE)
        sealed = _cipher(self._key()).encrypt(nonce, text.encode(), reference.encode())
        return base64.b64encode(nonce + sealed).decode()

    def _decrypted(self, reference: str, token: str) -> str:
        try:
            data = base64.b64decode(token)
            cipher = _cipher(self._key())
            return cipher.decrypt(data[:_NONCE], data[_NONCE:], reference.encode()).decode()
        except (InvalidTag, ValueError) as error:
            raise SecretMissing(
                "a secret cannot be decrypted: it was stored with another key; give that key, "
                "or set the secret again with update"
            ) from error

    def _read(self) -> dict[str, str]:
        try:
            kept = json.loads(self._path.read_text())
        except FileNotFoundError:
            return {}
        except ValueError as error:
            raise CorruptionError(f"{self._path} is no file of secrets: delete it") from error
        return kept if isinstance(kept, dict) else {}

    @contextmanager
    def _changing(self) -> Iterator[dict[str, str]]:
        """Hold the lock; replace the file by what the block leaves, for nobody else to read."""
        lock = os.open(f"{self._path}.lock", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX)
            kept = self._read()
            yield kept
            self._replace(json.dumps(kept, indent=1, sort_keys=True).encode())
        finally:
            os.close(lock)

    def _replace(self, data: bytes) -> None:
        partial = self._path.with_name(f"{self._path.name}.partial")
        handle = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        try:
            os.write(handle, data)
            os.fsync(handle)
        finally:
            os.close(handle)
        partial.replace(self._path)
        directory = os.open(self._path.parent, os.O_RDONLY)
        try:
            os.fsync(directory)
        finally:
            os.close(directory)


def _cipher(key: bytes) -> "AESGCM":
    if AESGCM is None:
        raise PackageMissing(
            "the package cryptography is needed for secrets: pip install 'nacre[connections]'"
        )
    return AESGCM(key)
