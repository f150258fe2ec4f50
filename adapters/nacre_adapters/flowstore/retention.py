"""Retiring old revisions: their values go, what they were stays known.

A retired revision keeps its row, its digest and its place in lineage. Its bytes are given back by
`nacre compact`, within the vault's own rule on history.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from nacre.errors import InvalidInput
from nacre_adapters.flowstore import events
from nacre_adapters.flowstore.events import Fact, asset_subject
from nacre_adapters.flowstore.lineage import closure
from nacre_adapters.flowstore.outputs import live_outputs
from nacre_adapters.flowstore.place import Look, Place
from nacre_adapters.flowstore.views import Card, Revision
from nacre_adapters.flowstore.views.lineage import Thing


@dataclass(frozen=True, slots=True, kw_only=True)
class Retired:
    """One revision that is retired, or would be."""

    asset: str
    revision: int
    label: str
    type: str
    size_bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Retirement:
    """What a rule retires, and why the rest stays."""

    retired: tuple[Retired, ...]
    kept: dict[str, int]
    """How many revisions stay: "last", "pinned", "aliased", "reachable"."""

    is_dry_run: bool

    @property
    def size_bytes(self) -> int:
        """What the retired revisions take, as far as nothing else shares it."""
        return sum(each.size_bytes for each in self.retired)


def retire(place: Place, *, keep_last: int, by: str, is_dry_run: bool = False) -> Retirement:
    """Retire revisions of assets, in one commit.

    Kept are the last *keep_last* of every asset, what is pinned, what an alias stands for, and
    whatever anything kept was made from. Of assets that are deleted or have expired none is last.

    Raises:
        InvalidInput: fewer than one are to be kept.
    """
    if keep_last < 1:
        raise InvalidInput(f"keep_last is {keep_last}: keep at least one, or delete the asset")
    found: list[Retirement] = []

    def decide(look: Look) -> list[Fact]:
        found[:] = [_plan(look, keep_last, look.time_ns // 1000, is_dry_run=is_dry_run)]
        return [] if is_dry_run else _facts(found[0], keep_last)

    place.commit(decide, actor=by, message=f"keep the last {keep_last}")
    return found[0]


def _plan(look: Look, keep_last: int, time_us: int, *, is_dry_run: bool) -> Retirement:
    why = _kept(look, keep_last, time_us)
    reached = closure(look, [*why, *_outputs(look)])
    counts = dict.fromkeys(("last", "pinned", "aliased", "reachable"), 0)
    retired = []
    for card, number, revision in _revisions(look):
        thing: Thing = ("asset", card.asset, number)
        reason = why.get(thing) or ("reachable" if thing in reached else None)
        if reason is not None:
            counts[reason] += 1
        elif revision.retired is None:
            retired.append(_retired(card, number, revision))
    return Retirement(retired=tuple(retired), kept=counts, is_dry_run=is_dry_run)


def _kept(look: Look, keep_last: int, time_us: int) -> dict[Thing, str]:
    """Return what is kept for its own sake, and why."""
    aliased = {(asset, number) for *_, asset, number in look.assets.aliases()}
    why: dict[Thing, str] = {}
    for card, number, _ in _revisions(look):
        last = look.assets.revision(card.asset, card.revision)
        has_expired = last is None or (last.expires_us is not None and last.expires_us <= time_us)
        if card.is_pinned:
            why["asset", card.asset, number] = "pinned"
        elif (card.asset, number) in aliased:
            why["asset", card.asset, number] = "aliased"
        elif number > card.revision - keep_last and not (card.is_deleted or has_expired):
            why["asset", card.asset, number] = "last"
    return why


def _outputs(look: Look) -> Iterator[Thing]:
    """Yield what readers see of the flows that are not deleted."""
    for flow in look.flows.flows():
        for step in look.flows.steps(flow.flow):
            for attempt, output in live_outputs(look.flows, flow.flow, step.name):
                yield ("output", flow.flow, step.name, attempt, output.name)


def _revisions(look: Look) -> Iterator[tuple[Card, int, Revision]]:
    for asset in look.assets.newest():
        card = look.assets.card(asset)
        if card is not None:
            for number, revision in look.assets.revisions(asset):
                yield card, number, revision


def _retired(card: Card, number: int, revision: Revision) -> Retired:
    return Retired(
        asset=card.asset,
        revision=number,
        label=revision.label,
        type=revision.type,
        size_bytes=revision.value["size_bytes"],
    )


def _facts(plan: Retirement, keep_last: int) -> list[Fact]:
    by_asset: dict[str, list[int]] = {}
    for each in plan.retired:
        by_asset.setdefault(each.asset, []).append(each.revision)
    return [
        Fact(
            events.REVISION_RETIRED,
            asset_subject(asset),
            {"asset": asset, "versions": numbers, "why": f"keep the last {keep_last}"},
        )
        for asset, numbers in by_asset.items()
    ]
