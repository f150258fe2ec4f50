"""Key files: the secret one for the owner alone, the public one for everybody."""

import os
from dataclasses import dataclass
from pathlib import Path

from nacre.errors import InvalidInput, NotFound
from nacre.files import storage_errors
from nacre.signing import SigningKey

_OWNER_ONLY = 0o600


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyFiles:
    """A new key, and where its two halves lie."""

    name: str
    key: str
    """The verifier key, NAME+ID+KEY: give it to auditors."""

    secret_file: str
    public_file: str


def make_key(path: Path, *, name: str) -> KeyFiles:
    """Make a key and write it to *path*, its public half to *path* with `.pub` behind it.

    Raises:
        InvalidInput: a file is there already, or a key cannot have that name.
    """
    key = SigningKey.make(name)
    public = path.with_name(path.name + ".pub")
    written = key.verifier
    for place in (path, public):
        if place.exists():
            raise InvalidInput(f"{place} exists, and keys are never overwritten: choose a new name")
    _create(path, key.secret_text(), _OWNER_ONLY)
    _create(public, str(written), 0o644)
    return KeyFiles(name=name, key=str(written), secret_file=str(path), public_file=str(public))


def read_key(path: Path) -> SigningKey:
    """Return the signing key in a file.

    Raises:
        NotFound: there is no such file.
        InvalidInput: it is no signing key, or others than its owner may read it.
    """
    try:
        if path.stat().st_mode & 0o077:
            raise InvalidInput(f"others may read {path}: run `chmod 600 {path}`, or make a new key")
        return SigningKey.parse(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise NotFound(f"there is no key {path}: make one with `nacre keygen`") from error
    except UnicodeDecodeError as error:
        raise InvalidInput(f"{path} is no signing key: make one with `nacre keygen`") from error


def _create(path: Path, text: str, mode: int) -> None:
    with storage_errors(f"write {path}"):
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text + "\n")
