"""What a user can do with assets: save, find, look back, name, share, pin, delete."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TypeVar, cast

from nacre.errors import InvalidInput
from nacre_adapters.flowstore import events
from nacre_adapters.flowstore.assets import save as saving
from nacre_adapters.flowstore.assets.asset import Asset
from nacre_adapters.flowstore.assets.catalog import (
    Query,
    accessible,
    as_asset,
    missing,
    read_of,
)
from nacre_adapters.flowstore.assets.types import AssetType, When
from nacre_adapters.flowstore.errors import AssetNotFound, NotPermitted
from nacre_adapters.flowstore.events import Fact, asset_subject, subject_of
from nacre_adapters.flowstore.lineage import Graph, impact, lineage
from nacre_adapters.flowstore.making import Making, making_of
from nacre_adapters.flowstore.place import Look, Place
from nacre_adapters.flowstore.records import Where
from nacre_adapters.flowstore.views import Card, Move, Revision
from nacre_adapters.flowstore.views.lineage import Thing

Kind = TypeVar("Kind", bound=Asset)


class Shelf:
    """The assets of a store, as one user sees them."""

    def __init__(self, place: Place, where: Where, *, then: Place | None = None) -> None:
        """Show assets as they are, or were *then*; who may see them is what it is now."""
        self._place = place
        self._then = then or place
        self._where = where

    def at(self, when: When) -> "Shelf":
        """Return the assets as they were, to look at: those that the user may see now."""
        then = Place(self._place.vault.at(when), is_own=False, codecs=self._place.codecs)
        return Shelf(self._place, self._where, then=then)

    # Saving and finding

    def save(
        self,
        asset: Asset,
        *,
        overwrite: bool = False,
        asset_id: str | None = None,
        trust: str | None = None,
    ) -> str:
        """Save an asset and return its id; raises as `StoreInterface.save_asset` does."""
        if not isinstance(asset, Asset):
            raise TypeError(f"save_asset takes an Asset, not a {type(asset).__name__}: wrap it")
        where = self._where.settled()
        return saving.save(
            self._place, where, asset, overwrite=overwrite, asset_id=asset_id, trust=trust
        )

    def get(self, query: Query, *, revision: int | None = None, alias: str | None = None) -> Asset:
        """Return the newest asset that is asked for, at a revision or at that of an alias.

        Raises:
            AssetNotFound: there is none that the user may see, or no such revision or alias.
        """
        with self._place.vault.read():
            card, found, number = self._found(query, revision, alias)
            asset = as_asset(self._then, card, found, number)
        if self._then is not self._place:  # nobody knows what this would be answered with later
            self._where.reads.note(read_of(card, found, number))
            return asset
        asked: dict[str, object] = {"label": query.label, "type": None, "name": query.name}
        if query.type is not None:
            asked["type"] = query.type.value
        asked |= {"asset_id": query.asset_id, "created_us": query.created_us}
        asked |= {"alias": alias, "revision": revision}
        self._where.reads.note(read_of(card, found, number, asked=asked))
        return asset

    def all(self, query: Query) -> list[Asset]:
        """Return all assets that are asked for, newest first, lazily."""
        reads = self._where.reads
        with self._place.vault.read():
            found = self._accessible(query)
            listed = [as_asset(self._then, card, revision, reads=reads) for card, revision in found]
        reads.note({"kind": "assets", "query": str(query), "identity": str(len(listed))})
        return listed

    def typed(
        self, kind: type[Kind], type_: AssetType, label: str | None, name: str | None
    ) -> Kind:
        """Return the newest asset of a type."""
        return cast("Kind", self.get(Query(label=label, type=type_, name=name)))

    # Looking back

    def revisions(self, asset: Asset | str) -> list[Asset]:
        """Return every revision of an asset, oldest first, lazily."""
        place, id_ = self._place, _id_of(asset)
        with place.vault.read():
            card = self._readable(id_)
            found = list(place.assets.revisions(id_))
            reads = self._where.reads
            return [as_asset(place, card, each, n, reads=reads) for n, each in found]

    def lineage(self, asset: Asset) -> Graph:
        """Return everything that this revision of an asset was made from, directly or not."""
        self._readable(asset.id)
        return lineage(self._place, _thing_of(asset)).only(self._is_visible)

    def making(self, asset: Asset) -> Making | None:
        """Return which attempt saved this revision, with what code and what packages.

        None when it was saved outside of any step.
        """
        self._readable(asset.id)
        return making_of(self._place, _thing_of(asset))

    def impact(self, asset: Asset) -> Graph:
        """Return everything that was made from this revision of an asset, directly or not."""
        self._readable(asset.id)
        return impact(self._place, _thing_of(asset)).only(self._is_visible)

    # Aliases and tags

    def promote(self, asset: Asset, alias: str) -> None:
        """Let an alias stand for this revision of an asset from now on, among those of its label.

        Raises:
            AssetNotFound: the asset was not saved, or is not the user's to see.
            NotPermitted: the user may see it and not change it, or the alias is somebody else's.
        """
        self.promote_all({alias: asset})

    def promote_all(self, moves: Mapping[str, Asset]) -> None:
        """Move several aliases in one commit: all or none; raises as `promote` does."""

        def decide(look: Look) -> list[Fact]:
            return [self._move(look, alias, asset) for alias, asset in moves.items()]

        self._place.commit(decide, actor=self._where.user)

    def demote(self, label: str, type_: AssetType, alias: str) -> None:
        """Let an alias stand for nothing.

        Raises:
            AssetNotFound: there is no such alias for this user.
        """

        def decide(look: Look) -> list[Fact]:
            before = look.assets.alias(label, type_.value, alias)
            if before is None or not self._may_read(look, before[0]):
                raise AssetNotFound(f"there is no alias {alias!r} of {label!r}")
            saving.checked_target(look, self._where.user, before[0])
            return [_moved(label, type_.value, alias, None)]

        self._place.commit(decide, actor=self._where.user)

    def undo(self, label: str, type_: AssetType, alias: str) -> None:
        """Move an alias back to what it stood for before its last move.

        Raises:
            AssetNotFound: it was never moved.
        """

        def decide(look: Look) -> list[Fact]:
            history = look.assets.alias_history(label, type_.value, alias)
            if not self._all_visible(look, history):
                raise AssetNotFound(f"there is no alias {alias!r} of {label!r}")
            before = history[-2] if len(history) > 1 else None
            for move in history[-2:]:
                if move.asset is not None:
                    saving.checked_target(look, self._where.user, move.asset)
            target = None
            if before is not None and before.asset is not None:
                target = before.asset, before.revision or 0
            return [_moved(label, type_.value, alias, target)]

        self._place.commit(decide, actor=self._where.user)

    def alias_history(self, label: str, type_: AssetType, alias: str) -> list[Move]:
        """Return every move of an alias, oldest first; none of an alias that one may not see."""
        history = self._place.assets.alias_history(label, type_.value, alias)
        return history if self._all_visible(self._place, history) else []

    def tag(self, asset: Asset, tags: Mapping[str, str], *, remove: Iterable[str] = ()) -> None:
        """Tag this revision of an asset, all at once; raises as `promote` does."""
        for tag, value in tags.items():
            if not isinstance(tag, str) or not isinstance(value, str):
                raise InvalidInput(f"the tag {tag!r} is {value!r}: tags are texts")
        more = {"version": _revision_of(asset), "set": dict(tags), "removed": list(remove)}
        self._change(asset.id, events.ASSET_TAGGED, more)

    # Whose it is, and how long it stays

    def share(self, asset: Asset | str, groups: Iterable[str] | None) -> None:
        """Let groups read an asset: those named, none, or all of its owner's when None.

        Raises:
            InvalidInput: *groups* is a text, not a list of them.
        """
        if isinstance(groups, str):
            raise InvalidInput(f"share with a list of groups, not {groups!r:.60}: [{groups!r:.60}]")
        more = {"groups": None if groups is None else list(groups)}
        self._change(_id_of(asset), events.ASSET_SHARED, more)

    def explain_access(self, asset: Asset | str, user: str) -> str:
        """Return whether a user may read and change an asset, and why."""
        card = self._readable(_id_of(asset))
        people = self._place.people
        read = people.why_read(user, card.owner, card.groups)
        write = people.why_write(user, card.owner)
        return (
            f"{user!r} "
            + (f"may read it: {read}" if read else "may not read it")
            + "; "
            + (f"may change it: {write}" if write else "may not change it")
        )

    def pin(self, asset: Asset | str) -> None:
        """Keep every revision of an asset, whatever is retired."""
        self._change(_id_of(asset), events.ASSET_PINNED, {"is_pinned": True})

    def unpin(self, asset: Asset | str) -> None:
        """Treat an asset as any other again."""
        self._change(_id_of(asset), events.ASSET_PINNED, {"is_pinned": False})

    def delete(self, asset: Asset | str) -> None:
        """Delete an asset: nobody finds it any more; `restore` brings it back."""
        self._change(_id_of(asset), events.ASSET_DELETED, {})

    def restore(self, asset: Asset | str) -> None:
        """Bring a deleted asset back."""
        self._change(_id_of(asset), events.ASSET_RESTORED, {})

    # What these are made of

    def _found(
        self, query: Query, revision: int | None, alias: str | None
    ) -> tuple[Card, Revision, int]:
        assets, number = self._then.assets, revision
        if alias is not None:
            if query.label is None or query.type is None:
                raise InvalidInput(f"the alias {alias!r} is of a label and a type: give both")
            target = assets.alias(query.label, query.type.value, alias)
            if target is None or not self._may_read(self._place, target[0]):
                raise AssetNotFound(f"{query} has no alias {alias!r}")
            query, number = Query(asset_id=target[0]), target[1]
        card, last = next(self._accessible(query), (None, None))
        if card is None or last is None:
            raise missing(query)
        if number is None or number == card.revision:
            return card, last, card.revision
        earlier = assets.revision(card.asset, number)
        if earlier is None:
            raise AssetNotFound(f"the asset {card.asset} has no revision {number}")
        return card, earlier, number

    def _accessible(self, query: Query) -> Iterator[tuple[Card, Revision]]:
        now_us = self._then.vault.time_ns // 1000
        return accessible(self._then.assets, query, self._may_see, now_us=now_us)

    def _may_see(self, card: Card) -> bool:
        return self._may_read(self._place, card.asset)

    def _readable(self, asset: str) -> Card:
        card = self._place.assets.card(asset)
        if card is None or not self._may_read(self._place, asset):
            raise missing(Query(asset_id=asset))
        return card

    def _may_read(self, views: Place | Look, asset: str) -> bool:
        card = views.assets.card(asset)
        if card is None:
            return False
        return bool(views.people.why_read(self._where.user, card.owner, card.groups))

    def _all_visible(self, views: Place | Look, history: list[Move]) -> bool:
        named = [move.asset for move in history if move.asset is not None]
        return bool(named) and all(self._may_read(views, asset) for asset in named)

    def _is_visible(self, thing: Thing) -> bool:
        return thing[0] != "asset" or self._may_read(self._place, str(thing[1]))

    def _move(self, look: Look, alias: str, asset: Asset) -> Fact:
        saving.checked_target(look, self._where.user, asset.id)
        before = look.assets.alias(asset.label, asset.type.value, alias)
        held = None if before is None else look.assets.card(before[0])
        if held is not None and look.people.why_write(self._where.user, held.owner) is None:
            raise NotPermitted(
                f"the alias {alias!r:.80} of {asset.label!r:.80} is taken: choose another, or ask "
                "who has it to demote it"
            )
        target = asset.id, _revision_of(asset)
        return _moved(asset.label, asset.type.value, alias, target)

    def _change(self, asset: str, kind: str, more: Mapping[str, object]) -> None:
        user = self._where.user
        decide: Callable[[Look], list[Fact]] = lambda look: [  # noqa: E731
            Fact(
                kind,
                asset_subject(saving.checked_target(look, user, asset).asset),
                {"asset": asset, **more},
            )
        ]
        self._place.commit(decide, actor=user)


def _moved(label: str, type_: str, alias: str, target: tuple[str, int] | None) -> Fact:
    data = {"label": label, "type": type_, "alias": alias}
    asset, revision = target or (None, None)
    subject = subject_of("alias", label, alias)
    return Fact(events.ALIAS_MOVED, subject, {**data, "asset": asset, "revision": revision})


def _thing_of(asset: Asset) -> Thing:
    return ("asset", asset.id, _revision_of(asset))


def _id_of(asset: Asset | str) -> str:
    return asset.id if isinstance(asset, Asset) else asset


def _revision_of(asset: Asset) -> int:
    if asset.revision is None:
        raise AssetNotFound(f"the asset {asset.label!r} was not saved: call save_asset first")
    return asset.revision
