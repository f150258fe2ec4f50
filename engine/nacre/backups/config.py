"""What a target says of itself: its id, and how its files are sealed.

    config/0  msgpack [[format, target id (16), created_ns, sealing], check (32)]

The sealing is nil, or ["passphrase", salt (16), cost, wrapped] or ["key file", salt (16), 0,
wrapped]: the master key, encrypted. The check is a BLAKE3 of all before, keyed by the master key
(by zeros without one), so that nothing in it can be altered unnoticed.
"""

import hmac
import os
from dataclasses import dataclass
from typing import Any

from blake3 import blake3

from nacre import codec
from nacre.backups import encryption
from nacre.backups.target import Target
from nacre.clock import now_ns
from nacre.errors import CorruptionError, FormatError, InvalidInput, NotFound, WrongKey

NAME = "config/0"
FORMAT = 1

_ID_BYTES = 16
_SALT_BYTES = 16
_COST = 16  # a fifth of a second, and 64 MiB
_HIGHEST_COST = 22
_SMALLEST_KEY_FILE_BYTES = 32
_PASSPHRASE, _KEY_FILE = "passphrase", "key file"


@dataclass(frozen=True, slots=True, kw_only=True)
class Secret:
    """What opens an encrypted target: a passphrase, or the content of a key file."""

    passphrase: str | None = None
    key_file: bytes | None = None

    def __post_init__(self) -> None:
        if (self.passphrase is None) == (self.key_file is None):
            raise InvalidInput("give a passphrase or a key file, and not both")
        if self.passphrase == "":
            raise InvalidInput("the passphrase is empty: choose a long one")
        if self.key_file is not None and len(self.key_file) < _SMALLEST_KEY_FILE_BYTES:
            raise InvalidInput(
                f"the key file holds {len(self.key_file)} bytes, and {_SMALLEST_KEY_FILE_BYTES} "
                "are needed: make one with `openssl rand -hex 32`"
            )

    @property
    def kind(self) -> str:
        """Which of the two it is."""
        return _PASSPHRASE if self.key_file is None else _KEY_FILE

    def key(self, salt: bytes, cost: int) -> bytes:
        """Return the key that wraps the master key."""
        if self.key_file is not None:
            return encryption.derived(encryption.key_of_file(self.key_file), salt)
        assert self.passphrase is not None
        return encryption.key_of_passphrase(self.passphrase.encode(), salt=salt, cost=cost)


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """What a target is, and its master key; None when it is not encrypted."""

    target_id: bytes
    created_ns: int
    master: bytes | None


def create_config(target: Target, secret: Secret | None) -> Config:
    """Make *target* one, encrypted if there is a secret; the first of several wins."""
    target_id, created_ns = os.urandom(_ID_BYTES), now_ns()
    master, sealing = None, None
    if secret is not None:
        master, salt = os.urandom(encryption.KEY_BYTES), os.urandom(_SALT_BYTES)
        cost = _COST if secret.kind == _PASSPHRASE else 0
        wrapped = encryption.encrypt(secret.key(salt, cost), master, bound_to=target_id)
        sealing = [secret.kind, salt, cost, wrapped]
    fields = [FORMAT, target_id, created_ns, sealing]
    target.put(NAME, [codec.pack([fields, _check(fields, master)])])
    return read_config(target, secret)


def read_config(target: Target, secret: Secret | None) -> Config:
    """Return what a target says of itself.

    Raises:
        NotFound: it is none.
        WrongKey: the secret is missing or another.
        CorruptionError: its config was altered.
        FormatError: a newer nacre made it.
    """
    try:
        raw = target.get(NAME)
    except NotFound:
        raise NotFound(
            f"there are no backups at {target}: correct the path, or make one with `nacre backup`"
        ) from None
    fields, check = _fields(target, raw)
    master = None
    if fields[3] is not None:
        master = _opened(target, fields[1], fields[3], secret)
    elif secret is not None:
        raise WrongKey(f"{target} is not encrypted: leave out the passphrase or key file")
    if not hmac.compare_digest(_check(fields, master), check):
        raise CorruptionError(f"the config of {target} was altered: restore {NAME} from a copy")
    return Config(target_id=fields[1], created_ns=fields[2], master=master)


def _fields(target: Target, raw: object) -> tuple[list[Any], bytes]:
    damaged = CorruptionError(f"the config of {target} was altered: restore {NAME} from a copy")
    assert isinstance(raw, bytes | memoryview)
    try:
        value = codec.unpack(raw)
    except CorruptionError as error:
        raise damaged from error
    match value:
        case [[int() as version, *_], _] if version > FORMAT:
            raise FormatError(f"{target} has format {version}, and nacre reads {FORMAT}: upgrade")
        case [[1, bytes(), int(), None | [str(), bytes(), int(), bytes()]] as fields, bytes(check)]:
            return list(fields), check
        case _:
            raise damaged


def _opened(target: Target, target_id: bytes, sealing: list[Any], secret: Secret | None) -> bytes:
    kind, salt, cost, wrapped = sealing
    if secret is None:
        raise WrongKey(f"{target} is encrypted: give its {kind}")
    if secret.kind != kind:
        raise WrongKey(f"{target} opens with a {kind}: give that")
    if not 0 <= cost <= _HIGHEST_COST:
        raise CorruptionError(f"the config of {target} was altered: restore {NAME} from a copy")
    return encryption.unwrap(secret.key(salt, cost), wrapped, bound_to=target_id)


def _check(fields: object, master: bytes | None) -> bytes:
    return blake3(codec.pack(fields), key=master or bytes(encryption.KEY_BYTES)).digest()
