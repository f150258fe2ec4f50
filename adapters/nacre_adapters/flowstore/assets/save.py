"""Saving assets: a new one, or a revision of one that is there."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta

from nacre.errors import InvalidInput
from nacre_adapters.flowstore import events
from nacre_adapters.flowstore.assets.asset import Asset
from nacre_adapters.flowstore.assets.catalog import Query, accessible, readable_by, saved_of
from nacre_adapters.flowstore.assets.types import new_id
from nacre_adapters.flowstore.errors import AssetNotFound, NotPermitted
from nacre_adapters.flowstore.events import Fact, asset_subject
from nacre_adapters.flowstore.order import created
from nacre_adapters.flowstore.place import Look, Place
from nacre_adapters.flowstore.reading import Told
from nacre_adapters.flowstore.records import Where, number_of
from nacre_adapters.flowstore.views import Card, Revision


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """An asset as it is to be recorded."""

    asset: Asset
    data: Mapping[str, object]
    time_to_live: timedelta | None


def save(
    place: Place,
    where: Where,
    asset: Asset,
    *,
    overwrite: bool,
    asset_id: str | None,
    trust: str | None = None,
) -> str:
    """Save an asset and return its id; the object knows where it stands from then on."""
    parts = {"object": asset.object, "about": asset.about(), "description": asset.description}
    for name, part in parts.items():
        where.reads.secrets.check(part, name)
    draft = _draft(place, asset, trust)
    told: list[Told] = []

    def decide(look: Look) -> list[Fact]:
        target = _target(look, where.user, asset, asset_id) if overwrite else None
        attempt = None
        if where.step:
            attempt = number_of(look.flows.step(where.flow, where.step), where.attempt)
        told[:] = [where.reads.facts((where.flow, where.step, attempt or 0), look.position)]
        origin = [where.flow, where.step or None, attempt]
        more: dict[str, object] = {"origin": origin, "made_from": told[0].made_from}
        if target is None:
            fact = _created(look, draft, where.user, more)
        else:
            fact = _revised(look, draft, target, user=where.user, more=more)
        flow = created(look.flows, where.flow, owner=where.user)
        return [*flow, *told[0].facts, fact]

    fact = place.commit(decide, actor=where.user)[-1]
    where.reads.settle(told[0])
    return _settle(place, asset, fact)


def _draft(place: Place, asset: Asset, trust: str | None) -> Draft:
    """Encode everything; it is durable with the commit."""
    value = place.codecs.encode(asset.object, name="object", trust=trust)
    about = place.codecs.encode(asset.about(), name="about")
    data = {
        "label": asset.label,
        "type": asset.type.value,
        "name": asset.name,
        "description": asset.description,
        "class": asset.class_name,
        "value": value.to_data(),
        "about": about.to_data(),
        "links": dict(asset.linked_asset_objects),
    }
    return Draft(asset=asset, data=data, time_to_live=asset.time_to_live)


def _target(look: Look, user: str, asset: Asset, asset_id: str | None) -> Card | None:
    """Return the asset that is overwritten: of that id, or the newest of label, type and name.

    Raises:
        AssetNotFound: there is none of that id, or none that the user may see.
        NotPermitted: the user may see it and not change it.
        InvalidInput: it is of another type.
    """
    if asset_id is None:
        query = Query(label=asset.label, type=asset.type, name=asset.name)
        found = _accessible(look, user, query)
        writable = (card for card, _ in found if look.people.why_write(user, card.owner))
        return next(writable, None)
    card = checked_target(look, user, asset_id, type_=asset.type.value)
    if card.is_deleted:
        raise AssetNotFound(f"the asset {asset_id} was deleted: restore it first")
    return card


def checked_target(look: Look, user: str, asset_id: str, *, type_: str | None = None) -> Card:
    """Return the asset of an id, which the user may change.

    Raises:
        AssetNotFound: there is none of that id, or none that the user may see.
        NotPermitted: the user may see it and not change it.
        InvalidInput: it is of another type.
    """
    card = look.assets.card(asset_id)
    if card is None or not look.people.why_read(user, card.owner, card.groups):
        raise AssetNotFound(f"there is no asset with asset_id={asset_id!r} that you have access to")
    if not look.people.why_write(user, card.owner):
        raise NotPermitted(
            f"the asset {asset_id} belongs to {card.owner!r}: {user!r} may read it only"
        )
    revision = look.assets.revision(asset_id, card.revision)
    if type_ is not None and revision is not None and revision.type != type_:
        raise InvalidInput(f"the asset {asset_id} is a {revision.type}, not a {type_}")
    return card


def _created(look: Look, draft: Draft, user: str, more: dict[str, object]) -> Fact:
    asset = draft.asset
    id_ = asset.id if look.assets.card(asset.id) is None else new_id()
    created_us = max(look.time_ns // 1000, look.assets.last_created_us() + 1)
    data = {"asset": id_, "version": 0, "owner": user, "groups": None, "created": created_us}
    stated = _stated(look, draft, user, {**data, **more})
    return Fact(events.ASSET_CREATED, asset_subject(id_), stated)


def _revised(look: Look, draft: Draft, target: Card, *, user: str, more: dict[str, object]) -> Fact:
    data = {"asset": target.asset, "version": target.revision + 1}
    stated = _stated(look, draft, user, {**data, **more})
    return Fact(events.ASSET_REVISED, asset_subject(target.asset), stated)


def _stated(look: Look, draft: Draft, user: str, data: dict[str, object]) -> dict[str, object]:
    asset, expires = draft.asset, None
    if draft.time_to_live is not None:
        expires = look.time_ns // 1000 + draft.time_to_live // timedelta(microseconds=1)
    version = asset.version if asset.version is not None else _next_version(look, user, asset)
    return {**draft.data, **data, "asset_version": version, "expires": expires}


def _next_version(look: Look, user: str, asset: Asset) -> int:
    """Return one more than the version of the newest of the same label, type and name."""
    query = Query(label=asset.label, type=asset.type)
    for _, revision in _accessible(look, user, query):
        if revision.name == asset.name:
            return revision.version + 1 if type(revision.version) is int else 0
    return 0


def _accessible(look: Look, user: str, query: Query) -> Iterator[tuple[Card, Revision]]:
    may_read = readable_by(user, look.people)
    return accessible(look.assets, query, may_read, now_us=look.time_ns // 1000)


def _settle(place: Place, asset: Asset, fact: Fact) -> str:
    """Tell the object which revision it is: somebody else may have made a later one already."""
    id_, number = str(fact.data["asset"]), fact.data["version"]
    assert isinstance(number, int)
    with place.vault.read():
        assets = place.assets
        card, revision = assets.card(id_), assets.revision(id_, number)
        assert card is not None
        assert revision is not None
        asset.id = id_
        asset.saved = saved_of(assets, card, revision, number)
    return id_
