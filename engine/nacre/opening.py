"""Opening a vault: find out what stands at a path, create what is missing, refuse the rest.

key    01, "vault"
value  msgpack {"format": 1, "id": 16 random bytes, "created_ns": time}
"""

import getpass
import os
import sys
from collections.abc import Callable, Container, Iterator, Sequence
from contextlib import contextmanager
from functools import lru_cache
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path

from nacre import codec
from nacre.clock import now_ns
from nacre.environment import Environment
from nacre.errors import CorruptionError, FormatError, InvalidInput
from nacre.files import Files, refuse_network_storage, storage_errors
from nacre.layout import Layout, creating, find_layout
from nacre.lmdb_file import check_untrusted
from nacre.lmdb_handle import Transaction
from nacre.past import SnapshotsView
from nacre.prefixes import META
from nacre.registry import REGISTRY
from nacre.stage import Stage
from nacre.store import Identity, Options, Store
from nacre.views import View
from nacre.views.history import History

FORMAT = 1

_IDENTITY_KEY = bytes([META]) + b"vault"
_VAULT_ID_BYTES = 16
_NO_IDENTITY = "does not say what it is: restore it from a backup"


def open_store(
    path: Path,
    options: Options,
    face: Callable[[Stage, Store], object],
    *,
    create: bool,
    single_file: bool | None,
    untrusted: bool = False,
    views: Sequence[type[View]] = (),
) -> Store:
    """Open or create the vault at *path*, and maintain *views* besides the engine's own.

    Transactions show themselves through *face*.
    """
    create = create and not options.read_only
    with storage_errors(f"open {path}"):
        layout = find_layout(path, create=create, single_file=single_file)
        refuse_network_storage(path)
        if untrusted and layout.environment.exists():
            check_untrusted(layout.environment)
        environment, identity = _open_environment(layout, options, create=create)
    store = Store(layout, environment, identity, options, face)
    try:
        store.install((History, *views))
        _register_installed(store)
    except BaseException:
        store.close()
        raise
    return store


def create_environment(
    path: Path, identity: Identity, *, single_file: bool, files: Files
) -> tuple[Layout, Environment]:
    """Make an empty vault that is another one: what is restored keeps its identity.

    Raises:
        InvalidInput: something is there already.
    """
    layout = find_layout(path, create=True, single_file=single_file)
    if layout.environment.exists():
        raise InvalidInput(f"{path} holds a vault already: choose another place")
    with creating(layout):
        environment = REGISTRY.acquire(layout.environment, read_only=False, relaxed=True)
        with _released_if_raised(environment):
            environment.run(files, lambda t: put_identity(t, identity))
    return layout, environment


def current_user() -> str:
    """Return the name of the user that the process runs as."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a user id without a name, as in some containers
        return f"uid {os.getuid()}"


def put_identity(transaction: Transaction, identity: Identity) -> None:
    """Say in an empty environment which vault it is."""
    fields = {"format": FORMAT, "id": identity.vault_id, "created_ns": identity.created_ns}
    transaction.put(_IDENTITY_KEY, codec.pack(fields))


def _open_environment(
    layout: Layout, options: Options, *, create: bool
) -> tuple[Environment, Identity]:
    # LMDB would make even a handle that only reads fill an empty file.
    if layout.environment.exists() and layout.environment.stat().st_size:
        opened = _open_existing(layout, options)
        if opened is not None:
            return opened
    if not create:
        raise FormatError(f"{layout.path} is not a complete vault: open it for writing once")
    with creating(layout):
        environment = _acquire(layout, options)
        with _released_if_raised(environment):
            return environment, environment.run(options.files, lambda t: _identify(layout, t))


def _open_existing(layout: Layout, options: Options) -> tuple[Environment, Identity] | None:
    """Return None when the creation of the vault was cut short."""
    environment = _acquire(layout, options)
    with _released_if_raised(environment):
        with environment.read() as transaction:
            identity = _identity(layout, transaction)
    if identity is not None:
        return environment, identity
    REGISTRY.release(environment)
    return None


@contextmanager
def _released_if_raised(environment: Environment) -> Iterator[None]:
    try:
        yield
    except BaseException:
        REGISTRY.release(environment)
        raise


def _acquire(layout: Layout, options: Options) -> Environment:
    places = (layout.environment, layout.environment.parent)
    may_write = all(os.access(place, os.W_OK) for place in places)
    # A handle that only reads still writes the lock file where it can: LMDB then knows of it.
    read_only = options.read_only and not may_write
    return REGISTRY.acquire(layout.environment, read_only=read_only, relaxed=options.relaxed)


def _identity(layout: Layout, transaction: Transaction) -> Identity | None:
    """Return what the vault says of itself; None when its creation was cut short."""
    raw = transaction.get(_IDENTITY_KEY)
    if raw is None:
        if transaction.cursor().first():
            raise FormatError(f"{layout.path} is an LMDB file, but no vault")
        return None
    fields = codec.unpack(raw)
    if not isinstance(fields, dict) or not isinstance(fields.get("format"), int):
        raise CorruptionError(f"{layout.path} {_NO_IDENTITY}")
    if fields["format"] > FORMAT:
        raise FormatError(
            f"{layout.path} has format {fields['format']}, and this nacre reads {FORMAT}: "
            "upgrade nacre"
        )
    try:
        return Identity(vault_id=bytes(fields["id"]), created_ns=int(fields["created_ns"]))
    except (KeyError, TypeError, ValueError) as error:
        raise CorruptionError(f"{layout.path} {_NO_IDENTITY}") from error


def _identify(layout: Layout, transaction: Transaction) -> Identity:
    found = _identity(layout, transaction)
    if found is not None:
        return found
    identity = Identity(vault_id=os.urandom(_VAULT_ID_BYTES), created_ns=now_ns())
    put_identity(transaction, identity)
    return identity


def _register_installed(store: Store) -> None:
    """Find the code of the views that the vault keeps, so that commits maintain them."""
    with store.environment.read() as transaction:
        kept = set(store.maintenance.catalogue(transaction).entries)
    unknown = kept - set(store.maintenance.views)
    if not unknown:
        return
    if SnapshotsView.name in unknown:  # the engine's own, kept from the first snapshot on
        store.register(SnapshotsView)
    for entry_point in _installed_views(tuple(sys.path)):
        if entry_point.name in unknown:
            store.register(entry_point.load())


def views_named(names: Container[str]) -> tuple[type[View], ...]:
    """Return the views of these names whose code is installed, but for the engine's own."""
    found = (each for each in _installed_views(tuple(sys.path)) if each.name in names)
    return tuple(each.load() for each in found)


@lru_cache(maxsize=1)
def _installed_views(_: tuple[str, ...]) -> tuple[EntryPoint, ...]:
    # Looking through all that is installed takes longer than opening a vault.
    return tuple(entry_points(group="nacre.views"))
