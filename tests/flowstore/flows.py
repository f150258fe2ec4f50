"""A store with something of every kind of event of the core; run, it makes the frozen file.

python tests/flowstore/flows.py tests/fixtures/flowstore-1
"""

import sys
from datetime import timedelta
from pathlib import Path

import pandas as pd

import nacre
from nacre_adapters.flowstore import (
    Asset,
    AssetType,
    Dataset,
    StoreInterface,
    appoint,
    attempt,
    code_of,
    declare_flow,
    delete_flow,
    dismiss,
    join,
    leave,
    open_place,
)
from nacre_adapters.flowstore.attempts import begin, cancel, fail
from nacre_adapters.flowstore.place import Place
from nacre_adapters.flowstore.retention import retire
from nacre_adapters.flowstore.screens import receive, reserve, save_page, submit

FRAME = pd.DataFrame({"city": ["Rome", "Bonn"], "n": [1, 2]})


def fill(path: Path) -> nacre.Vault:
    """Return an open vault, in one file."""
    vault = nacre.open(path, single_file=True, actor="ana")
    place = open_place(vault)
    declare_flow(place, "1", owner="ana", app="Cities", steps=[("Load", "load"), ("Sum", "sum")])
    _screens(place)
    _attempts(place)
    _assets(place)
    declare_flow(place, "gone", owner="ana")
    delete_flow(place, "gone", user="ana")
    join(place, "red", "ana", by="root")
    join(place, "red", "bo", by="root")
    leave(place, "red", "bo", by="root")
    appoint(place, "cy", by="root")
    appoint(place, "di", by="cy")
    dismiss(place, "di", by="cy")
    return vault


def _step(place: Place, step: str) -> StoreInterface:
    return StoreInterface("1", "ana", step, store=place.vault)


def _screens(place: Place) -> None:
    where = _step(place, "Load").where
    save_page(place, where, {"title": "Load"}, {"added": ["a"]})
    submit(place, where, "depth", 3)
    receive(place, where, "file", b"city,n\nRome,1\n", filename="c.csv", media_type="text/csv")
    reserve(place, where, "Sum", {"id": "later"})


def _attempts(place: Place) -> None:
    fail(place, begin(place, "1", "Load", user="ana"), "no file")
    cancel(place, begin(place, "1", "Load", user="ana"))
    for _ in range(2):
        with attempt(place, "1", "Load", user="ana", code=code_of(fill)):
            _step(place, "Load").save_output(FRAME, "frame")
            _step(place, "Load").update_progress(50, "half")
        with attempt(place, "1", "Sum", user="ana"):
            store = _step(place, "Sum")
            store.save_output(int(store.get_input("frame")["n"].sum()), "sum")
            store.save_asset(Dataset(FRAME, "cities", encoding="verbose"), overwrite=True)


def _assets(place: Place) -> None:
    store = _step(place, "Sum")
    brief = Asset((1, {2}), "brief", AssetType.OTHER, metadata={"k": 1}, name="n")
    brief.set_time_to_live(timedelta(days=36500))
    brief.link_asset("made of", store.get_dataset("cities"))
    brief.add_user_notes("kept")
    store.save_asset(brief)
    store.save_asset(Asset("v0", "model", AssetType.MODEL))
    store.save_asset(Asset("v1", "model", AssetType.MODEL), overwrite=True)
    store.assets.promote(store.get_asset("model"), "champion")
    store.assets.tag(store.get_asset("model"), {"stage": "live"})
    for change in (store.assets.pin, store.assets.unpin, store.assets.delete, store.assets.restore):
        change(brief)
    store.assets.share(brief, ["red"])
    retire(place, keep_last=1, by="ana")


if __name__ == "__main__":
    Path(sys.argv[1]).mkdir(parents=True)
    fill(Path(sys.argv[1]) / "flows.nacre").close()
    (Path(sys.argv[1]) / "flows.nacre-lock").unlink()
