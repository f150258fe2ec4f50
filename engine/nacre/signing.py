"""Ed25519 keys and signatures as C2SP signed-note has them; the only user of cryptography."""

import base64
import binascii
import hashlib
import os
from dataclasses import dataclass, field
from importlib import import_module
from types import ModuleType

from nacre.errors import InvalidInput, PackageMissing

_ED25519 = b"\x01"
_MARK = "PRIVATE+KEY+"
_KEY_BYTES = 32
_EM_DASH = "\N{EM DASH}"


@dataclass(frozen=True, slots=True, kw_only=True)
class VerifierKey:
    """What checks signatures. It is public, and written NAME+ID+KEY."""

    name: str
    public: bytes

    @property
    def key_id(self) -> bytes:
        """Four bytes that tell keys of one name apart."""
        named = self.name.encode() + b"\n" + _ED25519 + self.public
        return hashlib.sha256(named).digest()[:4]

    def __str__(self) -> str:
        return _written(self.name, self.key_id, self.public)


@dataclass(frozen=True, slots=True, kw_only=True)
class SigningKey:
    """What signs, and must stay secret."""

    name: str
    seed: bytes = field(repr=False)

    @classmethod
    def make(cls, name: str) -> "SigningKey":
        """Return a new key.

        Raises:
            InvalidInput: a key cannot have that name.
        """
        if not name or "+" in name or any(c.isspace() or not c.isprintable() for c in name):
            raise InvalidInput(f"a key cannot be named {name!r}: leave out blanks and +")
        return cls(name=name, seed=os.urandom(_KEY_BYTES))

    @classmethod
    def parse(cls, text: str) -> "SigningKey":
        """Read what `secret_text` wrote.

        Raises:
            InvalidInput: it is no such key; the text is not repeated.
        """
        name, _, rest = text.strip().removeprefix(_MARK).partition("+")
        key_id, _, encoded = rest.partition("+")
        try:
            seed = base64.b64decode(encoded, validate=True)
        except binascii.Error:
            seed = b""
        if not text.startswith(_MARK) or len(seed) != 1 + _KEY_BYTES or seed[:1] != _ED25519:
            raise InvalidInput(f"this is no signing key: it starts with {_MARK}")
        key = cls(name=name, seed=seed[1:])
        if key.verifier.key_id.hex() != key_id:
            raise InvalidInput("the id of the signing key does not belong to it: use another copy")
        return key

    @property
    def verifier(self) -> VerifierKey:
        """The public half."""
        private = _ed25519().Ed25519PrivateKey.from_private_bytes(self.seed)
        return VerifierKey(name=self.name, public=private.public_key().public_bytes_raw())

    def secret_text(self) -> str:
        """Return the key as it is kept in a file."""
        return _MARK + _written(self.name, self.verifier.key_id, self.seed)

    def sign(self, text: str) -> str:
        """Return *text* as a signed note; it ends with a line break."""
        private = _ed25519().Ed25519PrivateKey.from_private_bytes(self.seed)
        signature = self.verifier.key_id + private.sign(text.encode())
        return f"{text}\n{_EM_DASH} {self.name} {_base64(signature)}\n"


def _written(name: str, key_id: bytes, key: bytes) -> str:
    return f"{name}+{key_id.hex()}+{_base64(_ED25519 + key)}"


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode()


def _ed25519() -> ModuleType:
    try:
        return import_module("cryptography.hazmat.primitives.asymmetric.ed25519")
    except ModuleNotFoundError as error:
        raise PackageMissing("signing needs cryptography: pip install 'nacre[sign]'") from error
