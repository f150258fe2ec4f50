"""Keeping tenants: a backup of one, its way back, its removal.

A backup is a vault in one file. Of a tenant with a vault of its own it is a copy, history and all;
of one that shares a vault it holds the tables as they are.
"""

from dataclasses import dataclass
from pathlib import Path

import nacre
from nacre.errors import InvalidInput, NotFound
from nacre.operations import copy_file
from nacre.operations.purge import purge as purge_store
from nacre_adapters.tenants import definitions
from nacre_adapters.tenants.copying import copy_tables
from nacre_adapters.tenants.database import Database
from nacre_adapters.tenants.errors import NotFoundError
from nacre_adapters.tenants.host import Host, Layout
from nacre_adapters.tenants.ids import checked_id
from nacre_adapters.tenants.views import Tenant


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """What was backed up or restored."""

    tenant: str
    file: str
    tables: int
    rows: int
    head: int
    """The number of commits in the backup."""


def backup_tenant(host: Host, tenant_id: str, file: Path) -> Kept:
    """Write a tenant to a vault in one file, which is whole or absent.

    Raises:
        NotFoundError: there is no such tenant.
        InvalidInput: there is such a file already.
    """
    tenant = _known(host, tenant_id)
    if file.exists():
        raise InvalidInput(f"{file} is there already: name another file")
    db = host.get(tenant_id)
    if tenant.layout == "vault":
        db.home.read(lambda vault: copy_file(vault.store, file))
    else:
        _copy_out(db, file)
    return _kept(tenant_id, file)


def restore_tenant(
    host: Host, tenant_id: str, file: Path, *, name: str | None = None, layout: Layout = "vault"
) -> Kept:
    """Make a tenant of a backup. It must not be there, or have lost its vault.

    Raises:
        InvalidInput: it is there; or the backup is of another vault than it had.
        CorruptionError: the backup is not whole.
    """
    tenant_id = checked_id(tenant_id)
    with nacre.open(file, read_only=True, create=False) as backup:
        _check_absent(host, host.find(tenant_id), tenant_id, layout)
        _check_whole(backup, file)
        if layout == "vault":
            _copy_vault(host, backup, file, (tenant_id, name or tenant_id))
        else:
            made, vault_id = host.shared(tenant_id)
            _copy_in(host, Database(backup), made)
            # Last: a tenant that the catalogue knows has all its tables.
            host.enter(tenant_id, name or tenant_id, layout, vault_id)
    return _kept(tenant_id, file)


def purge_tenant(host: Host, tenant_id: str, *, reason: str) -> None:
    """Remove a tenant: its tables with all that they ever held, then its entry in the catalogue.

    Its id stays free for another; the log of the catalogue says that it was purged, and why.

    Raises:
        NotFoundError: there is no such tenant.
    """
    tenant = _known(host, tenant_id)
    path = host.path_of(tenant_id, tenant.layout)
    if tenant.layout == "shared":
        _purge_namespace(host.get(tenant_id), reason)
    else:
        host.let_go(path)
        # Before the entry: an entry without a vault can be purged again, a vault without an entry
        # would be taken up by the next tenant of the same id.
        path.unlink(missing_ok=True)
        path.with_name(path.name + "-lock").unlink(missing_ok=True)
    with host.catalogue() as catalogue:
        purge_store(catalogue.store, tenant_id, reason=reason)
    if tenant.layout == "shared" and host.find(tenant_id) is None:
        left = host.shared(tenant_id)[0]
        if left.table_names():  # of whoever had the tenant before, and wrote until now
            _purge_namespace(left, reason)


def _known(host: Host, tenant_id: str) -> Tenant:
    tenant = host.find(checked_id(tenant_id))
    if tenant is None:
        raise NotFoundError(f"there is no tenant {tenant_id!r}: see `nacre-tenants list`")
    return tenant


def _copy_out(db: Database, file: Path) -> None:
    beside = file.with_name(f"{file.name}-tables")
    try:
        with nacre.open(beside, single_file=True) as made:
            copy_tables(db, Database(made))
            copy_file(made.store, file)
    finally:
        beside.unlink(missing_ok=True)
        beside.with_name(beside.name + "-lock").unlink(missing_ok=True)


def _copy_vault(host: Host, backup: nacre.Vault, file: Path, names: tuple[str, str]) -> None:
    tenant_id = names[0]
    place = host.path_of(tenant_id, "vault")
    with host.entering(*names, "vault", backup.vault_id) as tenant:
        # Again: it may have been created meanwhile, and its vault must not be replaced.
        _check_absent(host, tenant, tenant_id, "vault")
        if tenant is not None and tenant.vault != backup.vault_id:
            raise InvalidInput(
                f"{file} is not a backup of the tenant {tenant_id!r}: it is of another"
            )
        host.let_go(place)
        copy_file(backup.store, place)


def _copy_in(host: Host, source: Database, target: Database) -> None:
    """Copy tables into a namespace, in place of those that a restore left which was cut short."""
    with target.tx():
        _check_absent(host, host.find(target.home.namespace), target.home.namespace, "shared")
        for name in target.table_names():
            target[name].drop()
        copy_tables(source, target)


def _check_absent(host: Host, tenant: Tenant | None, tenant_id: str, layout: str) -> None:
    is_lost = (
        tenant is not None
        and tenant.layout == layout == "vault"
        and not host.path_of(tenant_id, layout).exists()
    )
    if tenant is not None and not is_lost:
        raise InvalidInput(f"the tenant {tenant_id!r} is there: purge it first, or take another id")


def _check_whole(backup: nacre.Vault, file: Path) -> None:
    problems = backup.verify().problems
    if problems:
        raise nacre.errors.CorruptionError(f"{file} is damaged: {problems[0].what}")


def _purge_namespace(db: Database, reason: str) -> None:
    """Remove the tables of a namespace, and what they ever held.

    What is written meanwhile, in tables made anew, is left alone.
    """
    prefix = f"{db.home.namespace}/"

    def drop(tx: nacre.Transaction) -> int:
        for name in definitions.tables_of(db.home, tx):
            db.home.drop_table(tx, name)
        return tx.position + 1

    until = db.home.change(drop)

    def purge(vault: nacre.Vault) -> None:
        events = vault.events(stop=until)
        for subject in {e.subject for e in events if e.subject.startswith(prefix)}:
            try:
                purge_store(vault.store, subject, reason=reason, until=until)
            except NotFound:
                continue  # purged before

    db.home.read(purge)


def _kept(tenant_id: str, file: Path) -> Kept:
    with nacre.open(file, read_only=True, create=False) as backup:
        db = Database(backup)
        names = db.table_names()
        rows = sum(len(db[name]) for name in names)
        return Kept(
            tenant=tenant_id, file=str(file), tables=len(names), rows=rows, head=backup.head
        )
