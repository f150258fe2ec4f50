"""From what `StoreInterface` is given to an open vault: a keyword, the context, the environment."""

import os
import weakref
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import NamedTuple

import nacre
from nacre.errors import StateError
from nacre_adapters.flowstore.codecs import Codecs
from nacre_adapters.flowstore.context import STORE
from nacre_adapters.flowstore.events import Fact
from nacre_adapters.flowstore.keys import derived_key
from nacre_adapters.flowstore.views import Assets, Flows, People
from nacre_adapters.flowstore.views.lineage import Reads

VARIABLE = "NACRE_FLOWSTORE"
"""The environment variable that names the vault."""

VIEWS = (Flows, Assets, People, Reads)

Store = str | os.PathLike[str] | nacre.Vault


class Look(NamedTuple):
    """The views as a decision sees them, and when it is taken."""

    flows: Flows
    assets: Assets
    people: People
    reads: Reads
    position: int
    time_ns: int


Decide = Callable[[Look], list[Fact]]


class Place:
    """An open vault with the views of flows. Closed when nobody refers to it any more."""

    def __init__(self, vault: nacre.Vault, *, is_own: bool, codecs: Codecs | None = None) -> None:
        self.vault = vault
        """The vault that holds everything."""
        self.codecs = codecs or _codecs(vault)
        """How values become what events hold, and come back."""
        for view in VIEWS:
            vault.register(view)
        self._closing = weakref.finalize(self, _drop, vault) if is_own else None

    @property
    def flows(self) -> Flows:
        """Flows, steps, outputs and pages, as they are now."""
        return self.vault.view(Flows)

    @property
    def assets(self) -> Assets:
        """All assets, as they are now."""
        return self.vault.view(Assets)

    @property
    def people(self) -> People:
        """Groups and roles, as they are now."""
        return self.vault.view(People)

    @property
    def reads(self) -> Reads:
        """Who read what, as it is now."""
        return self.vault.view(Reads)

    def commit(self, decide: Decide, *, actor: str, message: str = "") -> list[Fact]:
        """Commit what *decide* returns, and return it."""
        facts: list[Fact] = []

        def run(transaction: nacre.Transaction) -> None:
            views = [transaction.view(view) for view in VIEWS]
            flows, assets, people, reads = views
            look = Look(flows, assets, people, reads, transaction.position, transaction.time_ns)  # type: ignore[arg-type]  # in the order of VIEWS
            facts[:] = decide(look)
            for kind, subject, data in facts:
                transaction.record(kind, subject=subject, data=data)

        self.vault.commit(run, actor=actor, message=message)
        return facts

    def close(self) -> None:
        """Close the vault, unless somebody else does."""
        if self._closing is not None and self._closing.detach():
            self.vault.close()


# Vaults that the collector met inside a transaction, which alone knows when it ends.
_DROPPED: deque[nacre.Vault] = deque()


def find_place(store: Store | None = None) -> Place:
    """Return the store that is given, or in use, or that the environment names, or the default.

    The default is `nacre/flows.vault` in the user's folder for data.
    """
    if store is None:
        in_use = STORE.get()
        return open_place(_usual()) if in_use is None else in_use
    return open_place(store)


def open_place(store: Store, *, classes: Iterable[type] = (), trust: str | None = None) -> Place:
    """Open the vault at a path, which is created if need be, or take one that is open.

    *classes* are your own that may be loaded, and trust="pickle" lets whatever has no codec be
    pickled, and pickles of this installation be loaded: see the codecs.
    """
    for _ in range(len(_DROPPED)):
        _drop(_DROPPED.popleft())
    if isinstance(store, nacre.Vault):
        return Place(store, is_own=False, codecs=_codecs(store, classes, trust))
    path = Path(store)
    path.parent.mkdir(parents=True, exist_ok=True)
    vault = nacre.open(path)
    try:
        return Place(vault, is_own=True, codecs=_codecs(vault, classes, trust))
    except BaseException:
        vault.close()
        raise


@contextmanager
def use_store(
    store: Store, *, classes: Iterable[type] = (), trust: str | None = None
) -> Iterator[nacre.Vault]:
    """Let every `StoreInterface` that is used in the block use this store, as `open_place` does."""
    place = open_place(store, classes=classes, trust=trust)
    token = STORE.set(place)
    try:
        yield place.vault
    finally:
        STORE.reset(token)
        place.close()


def _codecs(vault: nacre.Vault, classes: Iterable[type] = (), trust: str | None = None) -> Codecs:
    return Codecs(vault, classes=classes, trust=trust, key=partial(derived_key, "pickle"))


def _usual() -> Path:
    named = os.environ.get(VARIABLE)
    if named:
        return Path(named)
    data = os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share"
    return Path(data) / "nacre" / "flows.vault"


def _drop(vault: nacre.Vault) -> None:
    try:
        vault.close()
    except StateError:
        _DROPPED.append(vault)
