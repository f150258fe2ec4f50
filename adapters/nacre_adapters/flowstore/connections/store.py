"""Connections of a user: made, found, shared, rotated, deleted."""

import os
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path

import nacre
from nacre.errors import InvalidInput
from nacre_adapters.flowstore.assets.types import new_id
from nacre_adapters.flowstore.connections import events
from nacre_adapters.flowstore.connections.connection import Connection, Secret
from nacre_adapters.flowstore.connections.errors import ConnectionNotFound, SecretMissing
from nacre_adapters.flowstore.connections.kinds import (
    ConnectionType,
    connection_type,
    is_secret,
)
from nacre_adapters.flowstore.connections.secrets import Secrets
from nacre_adapters.flowstore.connections.views import ConnectionsView, Row
from nacre_adapters.flowstore.errors import NotPermitted
from nacre_adapters.flowstore.keys import derived_key
from nacre_adapters.flowstore.views import People

Fields = Mapping[str, object]
Told = Callable[[str, str], None]
_Decide = Callable[[nacre.Transaction], None]


class Connections:
    """The connections that one user may use.

    Secrets are fields with names such as `password`, and those that are given as
    `{"value": ..., "encrypt": True}`. They lie encrypted beside the vault.
    """

    def __init__(self, vault: nacre.Vault, user: str, *, told: Told | None = None) -> None:
        """*told* hears of every secret that is read: the text, and which it is."""
        self._told = told
        self._vault = vault
        self._user = user
        path = Path(vault.path)
        self._secrets = Secrets(
            path.with_name(f"{path.name}.secrets"), partial(derived_key, "secrets")
        )

    def create(
        self,
        name: str,
        kind: ConnectionType | str,
        fields: Fields,
        *,
        is_shared: bool = False,
    ) -> Connection:
        """Store a connection of this user.

        Raises:
            InvalidInput: there is no such type, a field cannot be stored, or the name is taken.
        """
        if not isinstance(name, str) or not name.strip():
            raise InvalidInput(f"a connection needs a name, not {name!r:.40}")
        plain, secret = _parted(fields)
        _check_no_leak({**plain, "name": name}, secret)
        identity = new_id()
        references = _referenced(identity, secret)
        data = {
            "id": identity,
            "owner": self._user,
            "name": name,
            "type": connection_type(kind).value,
            "fields": plain,
            "secrets": {field: reference for field, (reference, _) in references.items()},
            "is_shared": bool(is_shared),
        }

        def decide(transaction: nacre.Transaction) -> None:
            if transaction.view(ConnectionsView).of(self._user, name) is not None:
                raise InvalidInput(f"you have a connection {name!r} already: update or delete it")
            transaction.record(events.CREATED, subject=events.subject_of(identity), data=data)

        self._keep(references, decide)
        return self.get(identity)

    def update(
        self, name_or_id: str, fields: Fields | None = None, *, is_shared: bool | None = None
    ) -> Connection:
        """Change fields, rotate secrets, share or stop sharing; a field that is None is removed.

        A secret that is replaced or removed is deleted.

        Raises:
            ConnectionNotFound: there is none for this user.
            NotPermitted: it belongs to somebody else.
        """
        row = self._writable(name_or_id)
        plain, secret = _parted({k: v for k, v in (fields or {}).items() if v is not None})
        references = _referenced(row.id, secret)
        gone = {field for field, value in (fields or {}).items() if value is None}
        old = {f: r for f, r in row.secrets.items() if f in gone | set(secret) | set(plain)}
        kept = {f: r for f, r in row.secrets.items() if f not in old}
        left = {f: v for f, v in row.fields.items() if f not in gone | set(secret)}
        _check_no_leak({**left, **plain}, {**self._readable_of(kept), **secret})
        data = {
            "id": row.id,
            "fields": {**left, **plain},
            "secrets": {**kept, **{f: reference for f, (reference, _) in references.items()}},
            "is_shared": row.is_shared if is_shared is None else bool(is_shared),
        }

        def decide(transaction: nacre.Transaction) -> None:
            if transaction.view(ConnectionsView).get(row.id) != row:
                raise InvalidInput(f"somebody else changed {row.name!r} meanwhile: update it again")
            transaction.record(events.UPDATED, subject=events.subject_of(row.id), data=data)

        self._keep(references, decide)
        self._forget_old(row.id)
        return self.get(row.id)

    def delete(self, name_or_id: str) -> None:
        """Delete a connection and its secrets; the name is free again. Raises as `update` does."""
        row = self._writable(name_or_id)
        subject = events.subject_of(row.id)
        self._commit(lambda tx: tx.record(events.DELETED, subject=subject, data={"id": row.id}))
        self._forget_old(row.id)

    def get(self, name_or_id: str, owner: str | None = None) -> Connection:
        """Return a connection by its id, or by its name: this user's, or that of *owner*.

        Raises:
            ConnectionNotFound: there is none that this user may use.
        """
        return self._connection(self._readable(name_or_id, owner))

    def all(self, kinds: list[ConnectionType] | None = None) -> list[Connection]:
        """Return the connections that this user may use, of some types or of all."""
        wanted = None if kinds is None else {kind.value for kind in kinds}
        rows = [row for row in self._view.all() if wanted is None or row.type in wanted]
        return [self._connection(row) for row in rows if self._may_read(row)]

    @property
    def _view(self) -> ConnectionsView:
        return self._vault.view(ConnectionsView)

    def _readable(self, name_or_id: str, owner: str | None) -> Row:
        view = self._view
        of_id = None if owner is not None else view.get(name_or_id)
        mine = view.of(self._user if owner is None else owner, name_or_id)
        found = of_id or mine
        if found is None and owner is None:  # what somebody shared needs no name of its owner
            found = next(filter(self._may_read, view.named(name_or_id)), None)
        if found is None or not self._may_read(found):
            raise ConnectionNotFound(
                f"there is no connection {name_or_id!r:.80} that {self._user!r} may use: "
                "create it, or ask its owner to share it"
            )
        return found

    def _writable(self, name_or_id: str) -> Row:
        row = self._readable(name_or_id, None)
        if self._vault.view(People).why_write(self._user, row.owner) is None:
            raise NotPermitted(f"the connection {row.name!r} is that of {row.owner!r}: ask there")
        return row

    def _may_read(self, row: Row) -> bool:
        groups: list[str] | None = None if row.is_shared else []
        return self._vault.view(People).why_read(self._user, row.owner, groups) is not None

    def _connection(self, row: Row) -> Connection:
        return Connection(
            id=row.id,
            name=row.name,
            owner=row.owner,
            type=ConnectionType(row.type),
            is_shared=row.is_shared,
            fields=row.fields,
            secrets=row.secrets,
            reveal=partial(self._revealed, row.name),
        )

    def _revealed(self, name: str, field: str, reference: str) -> str:
        text = self._secrets.get(reference)
        if self._told is not None:
            self._told(text, f"secret {field!r} of the connection {name!r}")
        return text

    def _keep(self, references: "dict[str, tuple[str, Secret]]", decide: _Decide) -> None:
        """Store secrets, then what refers to them; forget them when that is refused."""
        texts = {reference: secret.reveal() for reference, secret in references.values()}
        self._secrets.put(texts)
        try:
            self._commit(decide)
        except BaseException:
            self._secrets.delete(list(texts))
            raise

    def _forget_old(self, connection: str) -> None:
        """Delete every secret that was this connection's and is not now.

        Also those of somebody who died between the commit and this.
        """
        ever: set[str] = set()
        with self._vault.read():
            row = self._view.get(connection)
            for event in self._vault.events(subject=events.subject_of(connection)):
                secrets = event.data.get("secrets")
                ever |= set(secrets.values()) if isinstance(secrets, dict) else set()
        now = set() if row is None else set(row.secrets.values())
        self._secrets.delete(sorted(ever - now))

    def _readable_of(self, references: Mapping[str, str]) -> dict[str, Secret]:
        try:
            return {field: Secret(self._secrets.get(each)) for field, each in references.items()}
        except SecretMissing:  # it cannot leak: nobody has it any more
            return {}

    def _commit(self, decide: _Decide) -> None:
        self._vault.register(ConnectionsView)
        self._vault.commit(decide, actor=self._user)


def _parted(fields: Fields) -> tuple[dict[str, object], dict[str, Secret]]:
    """Return the fields that may be shown, and those that may not."""
    plain: dict[str, object] = {}
    secret: dict[str, Secret] = {}
    for name, given in fields.items():
        if not isinstance(name, str) or not name:
            raise InvalidInput(f"the name of a field is text, not {name!r:.40}")
        value, is_secret = _unwrapped(name, given)
        if is_secret:
            if not isinstance(value, str):
                raise InvalidInput(f"the secret {name!r} is no text")
            secret[name] = Secret(value)
        elif type(value) in (str, int, float, bool, type(None)):
            plain[name] = value
        else:
            raise InvalidInput(f"the field {name!r} is a {type(value).__name__}: give text")
    return plain, secret


def _unwrapped(name: str, given: object) -> tuple[object, bool]:
    if isinstance(given, Secret):
        return given.reveal(), True
    if isinstance(given, Mapping):
        value = given.get("value")
        return value, bool(given.get("encrypt")) or is_secret(name, value)
    return given, is_secret(name, given)


def _check_no_leak(plain: dict[str, object], secret: dict[str, Secret]) -> None:
    for name, value in plain.items():
        for hidden, text in secret.items():
            if len(text.reveal()) >= _SHORTEST and text.reveal() in str(value):
                raise InvalidInput(f"the field {name!r} holds the secret {hidden!r}: encrypt it")


def _referenced(connection: str, secret: dict[str, Secret]) -> dict[str, tuple[str, Secret]]:
    """Return a new reference for each: a rotated secret has another."""
    return {
        name: (f"{connection}/{name}/{os.urandom(8).hex()}", value)
        for name, value in secret.items()
    }


_SHORTEST = 4
