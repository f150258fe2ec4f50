"""What a target says of itself: its id, and how its files are sealed.

    config/0       msgpack [[format, target id (16), created_ns, sealing], check (32)]
    copies/config  the same bytes: without them no backup opens, so that they stand there twice

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

NAME, COPY = "config/0", "copies/config"
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
    config = read_config(target, secret)
    complete_config(target, config)
    return config


def read_config(target: Target, secret: Secret | None) -> Config:
    """Return what a target says of itself, as far as one of the two copies is whole.

    Raises:
        NotFound: it is none.
        WrongKey: the secret is missing or another.
        CorruptionError: its config was altered.
        FormatError: a newer nacre made it.
    """
    copies = list(dict.fromkeys(_copies(target).values()))
    if not copies:
        raise NotFound(
            f"there are no backups at {target}: correct the path, or make one with `nacre backup`"
        )
    problems: list[CorruptionError | FormatError | WrongKey] = []
    for raw in copies:
        try:
            return _opened_config(target, raw, secret)
        except (CorruptionError, FormatError, WrongKey) as error:
            problems.append(error)
    raise problems[0]


def is_target(target: Target) -> bool:
    """Tell whether something at a place says that backups are there."""
    return any(target.list(name.partition("/")[0]) for name in (NAME, COPY))


def altered_configs(target: Target, config: Config) -> list[str]:
    """Return the names of the two copies that are not what *config* was read from, or not there.

    A missing second copy is none of them: targets of before have only one.
    """
    copies = _copies(target)
    altered = [name for name, raw in copies.items() if not _says(target, raw, config)]
    return altered if NAME in copies else [NAME, *altered]


def complete_config(target: Target, config: Config) -> None:
    """Write the copies of a config that are not there."""
    copies = _copies(target)
    whole = next((raw for raw in copies.values() if _says(target, raw, config)), None)
    for name in (NAME, COPY):
        if whole is not None and name not in copies:
            target.put(name, [whole])


def mend_config(target: Target, config: Config) -> None:
    """Replace the copies of a config that were altered, and write those that are not there."""
    for name in altered_configs(target, config):
        target.delete(name)  # the other one is whole: the config was read from it
    complete_config(target, config)


def _copies(target: Target) -> dict[str, bytes]:
    copies: dict[str, bytes] = {}
    for name in (NAME, COPY):
        try:
            copies[name] = bytes(target.get(name))
        except NotFound:
            continue
    return copies


def _says(target: Target, raw: bytes, config: Config) -> bool:
    """Tell whether a copy says what a config says, which was read from a whole one."""
    try:
        fields, check = _fields(target, raw)
    except (CorruptionError, FormatError):
        return False
    is_same = fields[1] == config.target_id
    return is_same and hmac.compare_digest(_check(fields, config.master), check)


def _opened_config(target: Target, raw: bytes, secret: Secret | None) -> Config:
    fields, check = _fields(target, raw)
    master = None
    if fields[3] is not None:
        master = _opened(target, fields[1], fields[3], secret)
    elif secret is not None:
        raise WrongKey(f"{target} is not encrypted: leave out the passphrase or key file")
    if not hmac.compare_digest(_check(fields, master), check):
        raise _altered(target)
    return Config(target_id=fields[1], created_ns=fields[2], master=master)


def _altered(target: Target) -> CorruptionError:
    return CorruptionError(
        f"the config of {target} was altered: restore {NAME} or {COPY} from a copy of the target"
    )


def _fields(target: Target, raw: bytes) -> tuple[list[Any], bytes]:
    try:
        value = codec.unpack(raw)
    except CorruptionError as error:
        raise _altered(target) from error
    match value:
        case [[int() as version, *_], _] if version > FORMAT:
            raise FormatError(f"{target} has format {version}, and nacre reads {FORMAT}: upgrade")
        case [[1, bytes(), int(), None | [str(), bytes(), int(), bytes()]] as fields, bytes(check)]:
            return list(fields), check
        case _:
            raise _altered(target)


def _opened(target: Target, target_id: bytes, sealing: list[Any], secret: Secret | None) -> bytes:
    kind, salt, cost, wrapped = sealing
    if secret is None:
        raise WrongKey(f"{target} is encrypted: give its {kind}")
    if secret.kind != kind:
        raise WrongKey(f"{target} opens with a {kind}: give that")
    if not 0 <= cost <= _HIGHEST_COST:
        raise _altered(target)
    return encryption.unwrap(secret.key(salt, cost), wrapped, bound_to=target_id)


def _check(fields: object, master: bytes | None) -> bytes:
    return blake3(codec.pack(fields), key=master or bytes(encryption.KEY_BYTES)).digest()
