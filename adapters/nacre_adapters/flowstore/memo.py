"""Doing a step again without doing it: the same code, and everything that it read unchanged.

Seen are inputs, assets, what users entered and uploaded. A step that also looked elsewhere (a
database, a bucket, a list of assets) is never reused; what it reads behind the store's back is
not seen, so this is for whoever asks for it.
"""

from collections.abc import Iterator
from typing import Any

from nacre_adapters.flowstore import outputs
from nacre_adapters.flowstore.assets.catalog import Query, accessible, readable_by
from nacre_adapters.flowstore.assets.types import AssetType
from nacre_adapters.flowstore.attempts import begin, finish
from nacre_adapters.flowstore.errors import InputNotFound
from nacre_adapters.flowstore.pending import Saved
from nacre_adapters.flowstore.place import Place
from nacre_adapters.flowstore.reading import ReadLog
from nacre_adapters.flowstore.records import Where
from nacre_adapters.flowstore.screens import identity_of, page_of, save_page
from nacre_adapters.flowstore.views.lineage import Doer

MOST_TRIED = 20


def reuse(place: Place, flow: str, step: str, *, user: str, code: str) -> Doer | None:
    """Publish what an earlier attempt with the same code and the same reads has saved.

    Returns that attempt, or None when there is none and the step has to run. Assets that it saved
    are there already, and are not saved again.
    """
    where = Where(flow, step, user, None, ReadLog())
    with place.vault.read():
        found = next(_reusable(place, where, code), None)
        if found is None:
            return None
        saved = [
            Saved(each.name, each.value)
            for each in place.flows.outputs(found.flow, found.step, found.attempt)
        ]
        reads = list(place.reads.read_by(found))
        page = page_of(place, Where(found.flow, step, user, None, ReadLog()), found.step)
    running = begin(place, flow, step, user=user, code=code)
    for read in reads:
        running.reads.note({**read, "flow": flow} if read.get("flow") == found.flow else read)
    where = Where(flow, step, user, running.number, running.reads)
    outputs.commit(place, where, saved, len(reads))
    if page is not None:
        save_page(place, where, page, {"reused": True})
    finish(place, running, reused=[found.flow, found.step, found.attempt])
    return found


def _reusable(place: Place, where: Where, code: str) -> Iterator[Doer]:
    for number, doer in enumerate(place.reads.finished(code)):
        if number >= MOST_TRIED:
            return
        if doer.step == where.step and _is_unchanged(place, where, doer):
            yield doer


def _is_unchanged(place: Place, where: Where, doer: Doer) -> bool:
    page = place.flows.page(doer.flow, doer.step)
    if page is not None and page[1] != doer.attempt:
        return False  # a later attempt has changed what this one showed
    return all(
        _identity_now(place, where, read) == read["identity"]
        for read in place.reads.read_by(doer)
        if "identity" in read
    )


def _identity_now(place: Place, where: Where, read: dict[str, Any]) -> object:
    """Return what the same question would be answered with; an object of its own when unknown."""
    match read:
        case {"kind": "output", "name": name, "asked": asked}:
            return _output(place, where, name, asked)
        case {"kind": "has", "name": name}:
            return str(outputs.has(place.flows, where, name))
        case {"kind": "asset", "asked": dict(asked)}:
            return _asset(place, where, asked)
        case {"kind": "value", "step": step, "element": element}:
            row = place.flows.submitted(where.flow, step, element)
            return None if row is None else row[0]["identity"]
        case {"kind": "page", "step": step}:
            return identity_of(place.flows.page(where.flow, step))
        case {"kind": "upload", "step": step, "element": element}:
            row = place.flows.upload(where.flow, step, element)
            return None if row is None else str(row[2])
    return object()


def _output(place: Place, where: Where, name: str, asked: str | None) -> object:
    try:
        found = outputs.find(place.flows, where, name, asked)
    except InputNotFound:
        return None
    return found.output.value["identity"]


def _asset(place: Place, where: Where, asked: dict[str, Any]) -> object:
    alias, number = asked["alias"], asked["revision"]
    names = ("label", "name", "asset_id", "created_us")
    type_ = None if asked["type"] is None else AssetType(asked["type"])
    query = Query(type=type_, **{name: asked[name] for name in names})
    if alias is not None:
        target = place.assets.alias(str(query.label), asked["type"], alias)
        if target is None:
            return None
        query, number = Query(asset_id=target[0]), target[1]
    may_read = readable_by(where.user, place.people)
    now_us = place.vault.time_ns // 1000
    found = accessible(place.assets, query, may_read, now_us=now_us)
    card, revision = next(found, (None, None))
    if card is not None and number is not None:
        revision = place.assets.revision(card.asset, number)
    return None if revision is None else revision.value["identity"]
