"""Finding assets: what a user may see, the newest first, lazily."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime

from nacre.errors import CorruptionError, Dropped
from nacre_adapters.flowstore.assets.asset import Asset, Load, Saved
from nacre_adapters.flowstore.assets.dataset import Dataset
from nacre_adapters.flowstore.assets.explainer import Explainer
from nacre_adapters.flowstore.assets.model import Model
from nacre_adapters.flowstore.assets.schema import Schema
from nacre_adapters.flowstore.assets.types import AssetType, asset_type, time_us_of
from nacre_adapters.flowstore.errors import AssetNotFound
from nacre_adapters.flowstore.place import Place
from nacre_adapters.flowstore.reading import ReadLog
from nacre_adapters.flowstore.views import Assets, Card, People, Revision

_CLASSES: dict[str, type[Asset]] = {
    each.class_name: each for each in (Asset, Dataset, Model, Schema, Explainer)
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """Which assets are asked for; what is None does not matter."""

    label: str | None = None
    type: AssetType | None = None
    name: str | None = None
    asset_id: str | None = None
    created_us: int | None = None

    @classmethod
    def of(
        cls,
        *,
        label: str | None = None,
        type_: AssetType | str | None = None,
        name: str | None = None,
        asset_id: str | None = None,
        time_created: str | datetime | None = None,
    ) -> "Query":
        """Return the query that a caller of the interface means."""
        return cls(
            label=label,
            type=None if type_ is None else asset_type(type_),
            name=name,
            asset_id=asset_id,
            created_us=None if time_created is None else time_us_of(time_created),
        )

    def fits(self, card: Card, revision: Revision) -> bool:
        """Tell whether an asset is asked for."""
        return (
            self.label in (None, revision.label)
            and self.type in (None, revision.type)
            and self.name in (None, revision.name)
            and self.created_us in (None, card.created_us)
        )

    def __str__(self) -> str:
        said: dict[str, object] = {
            "label": self.label,
            "type": self.type and self.type.value,
            "name": self.name,
        }
        said |= {"asset_id": self.asset_id, "time_created": self.created_us}
        return ", ".join(f"{k}={v!r:.80}" for k, v in said.items() if v is not None) or "no filter"


MayRead = Callable[[Card], bool]


def readable_by(user: str, people: People) -> MayRead:
    """Return what tells which assets *user* may see."""
    return lambda card: people.why_read(user, card.owner, card.groups) is not None


def accessible(
    assets: Assets, query: Query, may_read: MayRead, *, now_us: int
) -> Iterator[tuple[Card, Revision]]:
    """Yield what is asked for, may be seen and has not expired, the newest first."""
    if query.asset_id is not None:
        ids = iter((query.asset_id,))
    else:
        ids = assets.newest(query.label, None if query.type is None else query.type.value)
    for asset in ids:
        card = assets.card(asset)
        if card is None or card.is_deleted:
            continue
        revision = assets.revision(asset, card.revision)
        if revision is None or not query.fits(card, revision):
            continue
        is_live = revision.expires_us is None or now_us < revision.expires_us
        if is_live and may_read(card):
            yield card, revision


def missing(query: Query) -> AssetNotFound:
    """Return what is raised when there is nothing, or nothing that the user may see."""
    return AssetNotFound(f"there is no asset with {query} that you have access to")


def as_asset(
    place: Place,
    card: Card,
    revision: Revision,
    number: int | None = None,
    *,
    reads: ReadLog | None = None,
) -> Asset:
    """Return a lazy asset of a revision: the last, or that of a number.

    That its object was read is noted in *reads*.
    """
    at = card.revision if number is None else number
    kind = _CLASSES.get(revision.class_name, Asset)
    return kind.of_store(
        asset=card.asset,
        label=revision.label,
        type_=AssetType(revision.type),
        name=revision.name,
        description=revision.description,
        links=revision.links,
        load=_loader(place, card, revision, at, reads),
        load_about=lambda _: place.codecs.decode(revision.about),
        saved=saved_of(place.assets, card, revision, at),
    )


def saved_of(assets: Assets, card: Card, revision: Revision, number: int) -> Saved:
    """Return where a revision stands."""
    flow, step, attempt = revision.origin[:3]
    aliases = tuple(
        alias
        for _, _, alias, asset, at in assets.aliases(revision.label)
        if (asset, at) == (card.asset, number)
    )
    return Saved(
        owner=card.owner,
        created_us=card.created_us,
        revision=number,
        time_us=revision.time_ns // 1000,
        version=revision.version,
        size_bytes=revision.value["size_bytes"],
        identity=revision.value["identity"],
        py_type=revision.value["type"],
        origin=(flow, step, attempt),
        tags=assets.tags(card.asset, number),
        aliases=aliases,
    )


def read_of(card: Card, revision: Revision, number: int, **more: object) -> dict[str, object]:
    """Return what is noted of an asset that was read."""
    what = {"kind": "asset", "asset": card.asset, "revision": number}
    return {**what, "identity": revision.value["identity"], **more}


def _loader(
    place: Place, card: Card, revision: Revision, number: int, reads: ReadLog | None
) -> Load:
    def load(trust: str | None) -> object:
        if reads is not None:
            reads.note(read_of(card, revision, number))
        if revision.retired is not None:
            raise Dropped(
                f"revision {number} of the asset {card.asset} was retired by commit "
                f"{revision.retired}: take another revision, or a backup from before"
            )
        try:
            return place.codecs.decode(revision.value, trust=trust)
        except CorruptionError as error:
            raise CorruptionError(
                f"revision {number} of the asset {card.asset}: {error}"
            ) from error

    return load
