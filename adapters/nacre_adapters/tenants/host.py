"""The host: which tenants there are, and where the vault of each is.

<root>/catalogue.nacre       the tenants
<root>/tenants/<id>.nacre    the vault of a tenant
<root>/shared.nacre          the tenants that share one, each a namespace
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from types import TracebackType
from typing import Literal, Self

import nacre
from nacre.errors import InvalidInput
from nacre_adapters.tenants.database import Database
from nacre_adapters.tenants.errors import NotFoundError
from nacre_adapters.tenants.events import TENANT_CREATED
from nacre_adapters.tenants.ids import checked_id, file_of
from nacre_adapters.tenants.places import PooledPlace
from nacre_adapters.tenants.pool import Pool
from nacre_adapters.tenants.views import Tenant, Tenants

Layout = Literal["vault", "shared"]

_LAYOUTS = ("vault", "shared")
_VARIABLE = "NACRE_TENANTS"
_DEFAULT_ROOT = "tenants"


class Host:
    """The tenants below a directory. Threads may share it, and it may be open in many processes."""

    def __init__(
        self, root: str | os.PathLike[str], *, most_open: int = 16, idle_seconds: float = 10.0
    ) -> None:
        """Open the host at a directory, which is made when it is missing.

        At most *most_open* vaults stay open while nobody uses them, for *idle_seconds* at most.
        """
        self.root = Path(os.path.abspath(root))  # noqa: PTH100 - resolve() would follow links
        self._pool = Pool(most_open, idle_seconds=idle_seconds)
        (self.root / "tenants").mkdir(parents=True, exist_ok=True)
        with nacre.open(self.root / "catalogue.nacre", single_file=True) as catalogue:
            catalogue.register(Tenants)

    def get_or_create(
        self, tenant_id: str, tenant_name: str | None = None, *, layout: Layout | None = None
    ) -> Database:
        """Return the database of a tenant, which is created if there is none of that id.

        Raises:
            BadTenantId: it cannot be an id; nothing was made.
            InvalidInput: the tenant is there, in the other layout.
        """
        tenant_id = checked_id(tenant_id)
        if layout not in (None, *_LAYOUTS):
            raise InvalidInput(f"layout is {layout!r:.60}: choose 'vault' or 'shared'")
        tenant = self.find(tenant_id)
        if tenant is None:
            tenant = self._create(tenant_id, tenant_name or tenant_id, layout or "vault")
        if layout not in (None, tenant.layout):
            raise InvalidInput(
                f"the tenant {tenant_id!r} is in the layout {tenant.layout!r}: "
                f"it cannot be had in {layout!r}"
            )
        return self._database(tenant)

    def get(self, tenant_id: str) -> Database:
        """Return the database of a tenant.

        Raises:
            NotFoundError: there is none of that id.
        """
        tenant = self.find(tenant_id)
        if tenant is None:
            raise NotFoundError(f"there is no tenant {tenant_id!r:.80}: create it first")
        return self._database(tenant)

    def find(self, tenant_id: str) -> Tenant | None:
        """Return what the catalogue says of a tenant, or None."""
        tenant_id = checked_id(tenant_id)
        with self.catalogue() as catalogue:
            return catalogue.view(Tenants).tenant(tenant_id)

    def tenants(self) -> list[Tenant]:
        """Return all tenants, by id."""
        with self.catalogue() as catalogue:
            return catalogue.view(Tenants).tenants()

    def close(self) -> None:
        """Close all vaults that nobody uses."""
        self._pool.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    @contextmanager
    def catalogue(self) -> Iterator[nacre.Vault]:
        """Let a block use the vault of the catalogue."""
        path = self.root / "catalogue.nacre"
        vault = self._pool.take(path)
        try:
            yield vault
        finally:
            self._pool.give_back(path)

    def path_of(self, tenant_id: str, layout: str) -> Path:
        """Return where the vault of a tenant is, or is to be."""
        if layout == "shared":
            return self.root / "shared.nacre"
        return self.root / "tenants" / file_of(checked_id(tenant_id))

    def enter(self, tenant_id: str, name: str, layout: str, vault_id: bytes) -> Tenant:
        """Enter a tenant whose vault is there into the catalogue; return what it then says."""
        with self.entering(tenant_id, name, layout, vault_id):
            pass
        entered = self.find(tenant_id)
        assert entered is not None
        return entered

    @contextmanager
    def entering(
        self, tenant_id: str, name: str, layout: str, vault_id: bytes
    ) -> Iterator[Tenant | None]:
        """Let a block put a vault in its place, then enter its tenant unless it is there.

        Nobody else can enter a tenant meanwhile. The block is given what the catalogue says.
        """
        with self.catalogue() as catalogue, catalogue.transaction() as tx:
            known = tx.view(Tenants).tenant(tenant_id)
            yield known
            if known is None:
                data = {"name": name, "layout": layout, "vault": vault_id}
                tx.record(TENANT_CREATED, subject=tenant_id, data=data)

    def shared(self, tenant_id: str) -> tuple[Database, bytes]:
        """Return the tables of a namespace in the vault that is shared, and the id of that vault.

        The vault is made when there is none.
        """
        path = self.path_of(tenant_id, "shared")
        with nacre.open(path, single_file=True) as vault:
            place = PooledPlace(self._pool, path, vault.vault_id)
            return Database(place, namespace=tenant_id), vault.vault_id

    def let_go(self, path: Path) -> None:
        """Close a vault in this process, unless it is in use."""
        self._pool.close(path)

    def _create(self, tenant_id: str, name: str, layout: Layout) -> Tenant:
        """Make the vault, then enter it: a tenant that the catalogue knows has one.

        Whoever dies in between leaves an empty vault, which the next takes up.
        """
        with nacre.open(self.path_of(tenant_id, layout), single_file=True) as vault:
            return self.enter(tenant_id, name, layout, vault.vault_id)

    def _database(self, tenant: Tenant) -> Database:
        path = self.path_of(tenant.id, tenant.layout)
        namespace = tenant.id if tenant.layout == "shared" else ""
        return Database(PooledPlace(self._pool, path, tenant.vault), namespace=namespace)


def get_or_create_tenant_db(
    tenant_id: str,
    tenant_name: str | None = None,
    *,
    root: str | os.PathLike[str] | None = None,
    layout: Layout | None = None,
) -> Database:
    """Return the database of a tenant, which is created if there is none of that id.

    Args:
        tenant_id: 1 to 64 letters, digits, _ and -.
        tenant_name: what it is called, when it is created; its id when None.
        root: the directory of the host; by default that in the variable NACRE_TENANTS, or
            `tenants` in the current directory.
        layout: "vault", a vault of its own (by default), or "shared".

    Raises:
        BadTenantId: it cannot be an id; nothing was made.
        InvalidInput: the tenant is there, in the other layout.
    """
    checked_id(tenant_id)
    place = os.environ.get(_VARIABLE, _DEFAULT_ROOT) if root is None else root
    return _host_at(os.path.abspath(place)).get_or_create(  # noqa: PTH100 - as in `Host`
        tenant_id, tenant_name, layout=layout
    )


@lru_cache(maxsize=64)
def _host_at(root: str) -> Host:
    # All handles of a process on a host share its open vaults: the function has no other place.
    return Host(root)
