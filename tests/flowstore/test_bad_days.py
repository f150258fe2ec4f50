"""Kills, two processes, and damage: nothing is lost and nothing half is seen."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

import nacre
from nacre.errors import CorruptionError
from nacre_adapters.flowstore import (
    Asset,
    AssetType,
    Dataset,
    StoreInterface,
    attempt,
    find_place,
    use_store,
)
from nacre_adapters.flowstore.codecs import Codecs

FRAME = pd.DataFrame({"a": range(100_000), "b": ["x", None] * 50_000})


def in_child(work: object) -> int:
    """Run *work* in a forked child and return the signal that ended it, or 0."""
    child = os.fork()
    if child == 0:
        try:
            work()  # type: ignore[operator]
        finally:
            os._exit(0)
    return os.WTERMSIG(os.waitpid(child, 0)[1])


def kill() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def program(path: Path, text: str, seed: str = "0") -> subprocess.Popen[str]:
    environment = {**os.environ, "NACRE_FLOWSTORE": str(path), "PYTHONHASHSEED": seed}
    return subprocess.Popen(
        [sys.executable, "-c", text], env=environment, stdout=subprocess.PIPE, text=True
    )


def test_a_kill_between_payload_and_event_leaves_no_trace(tmp_path: Path) -> None:
    with use_store(tmp_path / "v"):
        StoreInterface("1", "ana", "One").save_output(1, "kept")

    def work() -> None:
        store = StoreInterface("1", "ana", "One", store=tmp_path / "v")
        store.place.codecs.encode(FRAME)
        kill()

    assert in_child(work) == signal.SIGKILL
    with use_store(tmp_path / "v") as vault:
        assert StoreInterface("1", "ana", "Two").get_input("kept") == 1
        StoreInterface("1", "ana", "One").save_output(FRAME, "again")
        assert vault.verify().is_clean


@pytest.mark.parametrize("commits", range(5))
def test_a_kill_in_the_middle_of_a_step_publishes_nothing(commits: int, tmp_path: Path) -> None:
    with use_store(tmp_path / "v"), attempt(find_place(), "1", "One", user="ana"):
        StoreInterface("1", "ana", "One").save_output("good", "x")

    def work() -> None:
        left = iter(range(commits))
        with use_store(tmp_path / "v") as vault:
            commit = vault.commit

            def counting(*args: object, **more: object) -> object:
                if next(left, None) is None:
                    kill()
                return commit(*args, **more)  # type: ignore[arg-type]

            vault.commit = counting  # type: ignore[method-assign,assignment]
            with attempt(find_place(), "1", "One", user="ana"):
                store = StoreInterface("1", "ana", "One")
                store.save_output("half", "x")
                store.save_asset(Asset("kept", "asset", AssetType.OTHER))
                store.save_output("other", "y")
            kill()

    assert in_child(work) == signal.SIGKILL
    with use_store(tmp_path / "v") as vault:
        two = StoreInterface("1", "ana", "Two")
        assert two.get_input("x") == "good"
        assert not two.has_input("y")
        with attempt(find_place(), "1", "One", user="ana"):
            StoreInterface("1", "ana", "One").save_output("better", "x")
        assert two.get_input("x") == "better"
        assert vault.verify().is_clean


WRITER = """
from nacre_adapters.flowstore import Asset, AssetType, StoreInterface
store = StoreInterface("1", "ana", "Step %(step)s")
for number in range(50):
    store.save_asset(Asset(number, "shared", AssetType.OTHER), overwrite=number > 0)
    store.save_output(number, f"n{number}")
"""


def test_two_processes_share_a_store(tmp_path: Path) -> None:
    with use_store(tmp_path / "v"):
        StoreInterface("1", "ana", "Zero").save_output(0, "x")
    children = [program(tmp_path / "v", WRITER % {"step": step}) for step in "ab"]

    for child in children:
        child.communicate(timeout=120)
    assert [child.returncode for child in children] == [0, 0]

    with use_store(tmp_path / "v") as vault:
        store = StoreInterface("1", "ana", "Last")
        times = [asset.time_created for asset in store.get_assets("shared")]
        assert len(times) in (1, 2)
        assert len(set(times)) == len(times)
        assert sum(len(store.assets.revisions(a)) for a in store.get_assets("shared")) == 100
        assert [store.get_input(f"n{n}", "Step a") for n in range(50)] == list(range(50))
        assert vault.verify().is_clean


def test_a_kill_between_two_outputs_that_are_in_the_log(tmp_path: Path) -> None:
    with use_store(tmp_path / "v") as vault, attempt(find_place(), "1", "One", user="ana"):
        StoreInterface("1", "ana", "One").save_output("good", "x")
    big = os.urandom(5 << 20)  # too much to wait for the end of the step

    def work() -> None:
        with use_store(tmp_path / "v"), attempt(find_place(), "1", "One", user="ana"):
            store = StoreInterface("1", "ana", "One")
            store.save_output(big, "x")
            store.save_output(big[::-1], "y")
            kill()

    assert in_child(work) == signal.SIGKILL
    with use_store(tmp_path / "v") as vault:
        two = StoreInterface("1", "ana", "Two")
        saved = vault.events(kind="flowstore.output.saved")
        assert [event.data["name"] for event in saved] == ["x", "x", "y"]
        assert two.get_input("x") == "good"
        assert not two.has_input("y")
        assert two.get_flow_status()["steps"][0]["status"] == "running"
        with attempt(find_place(), "1", "One", user="ana"):
            StoreInterface("1", "ana", "One").save_output(big, "x")
        assert two.get_input("x") == big
        assert not two.has_input("y")
        assert vault.verify().is_clean
        assert vault.replay().is_equal


MOVER = """
from nacre_adapters.flowstore import Asset, AssetType, StoreInterface
store = StoreInterface("1", "%(step)s", "Step")
for number in range(40):
    asset = store.get_asset("model", AssetType.OTHER)
    asset.object = ["%(step)s", number]
    store.save_asset(asset, overwrite=True, asset_id=asset.id)
    store.assets.promote_all({"champion": asset, "newest": asset})
    if number %% 10 == 9:
        store.assets.undo("model", AssetType.OTHER, "champion")
"""


def test_two_processes_revise_one_asset_and_move_its_aliases(tmp_path: Path) -> None:
    with use_store(tmp_path / "v"):
        store = StoreInterface("1", "ana", "Zero")
        store.save_asset(Asset([], "model", AssetType.OTHER))
        store.assets.promote(store.get_asset("model"), "champion")
    children = [program(tmp_path / "v", MOVER % {"step": step}) for step in "ab"]
    for child in children:
        child.communicate(timeout=120)
    assert [child.returncode for child in children] == [0, 0]

    with use_store(tmp_path / "v") as vault:
        store = StoreInterface("1", "ana", "Last")
        revisions = store.assets.revisions(store.get_asset("model"))
        assert [each.revision for each in revisions] == list(range(81))
        saved = [each.object for each in revisions[1:]]
        for step in "ab":  # nobody's revision was lost, or came twice
            assert [each[1] for each in saved if each[0] == step] == list(range(40))
        moves = store.assets.alias_history("model", AssetType.OTHER, "champion")
        assert len(moves) == 1 + 80 + 8
        for move in store.assets.alias_history("model", AssetType.OTHER, "newest"):
            assert revisions[move.revision].object[0] == move.actor
        champion = store.get_asset("model", AssetType.OTHER, alias="champion")
        assert champion.revision == moves[-1].revision
        assert champion.object == revisions[champion.revision].object
        assert vault.verify().is_clean
        assert vault.replay().is_equal


DIGESTS = """
import json, pandas as pd
from nacre_adapters.flowstore import StoreInterface
store = StoreInterface("1", "ana", "One")
store.save_output({"b", "a", "c", ("t", 1)}, "set")
store.save_output(pd.DataFrame({"a": [{"k": {1, "x"}}, None], "b": [1, 2]}), "frame")
store.save_output({"z": 1, "a": [1.5, b"x"]}, "dict")
print(json.dumps({each.name: each.identity for each in store.list_outputs()}))
"""


def test_equal_values_have_equal_digests_in_two_processes(tmp_path: Path) -> None:
    children = [program(tmp_path / f"v{seed}", DIGESTS, seed) for seed in ("1", "2")]

    first, second = (json.loads(child.communicate(timeout=120)[0]) for child in children)

    assert first == second
    assert len(first) == 3


def test_damage_is_told_with_the_asset(tmp_path: Path) -> None:
    path = tmp_path / "v"
    with use_store(path):
        id_ = StoreInterface("1", "ana").save_asset(Dataset(FRAME, "frame"))
    (pack,) = (path / "packs").iterdir()
    content = bytearray(pack.read_bytes())
    content[len(content) // 2] ^= 0xFF
    pack.write_bytes(content)

    with use_store(path) as vault:
        asset = StoreInterface("1", "ana").get_asset_by_id(id_)
        assert asset.label == "frame"
        with pytest.raises(CorruptionError, match=f"revision 0 of the asset {id_}"):
            asset.get_object()
        report = vault.verify()
        assert [problem.where for problem in report.problems][:1] in (["blob"], ["pack"])


def test_a_hostile_value_in_place_of_a_frame_is_no_code(tmp_path: Path) -> None:
    with nacre.open(tmp_path / "v") as vault:
        good = Codecs(vault).encode(1).to_data()
        bad = {**good, "content": {"pickle": [b"cos\nsystem\n(S'touch x'\ntR.", b""]}}
        data = {"flow": "1", "step": "One", "attempt": 0, "name": "x", "value": bad}
        store = StoreInterface("1", "ana", "Two", store=vault)
        store.place.flows.flow("1")
        StoreInterface("1", "ana", "One", store=vault).save_output(1, "y")
        vault.record("flowstore.output.saved", subject="flow/1/step/One", data=data)

        with pytest.raises(ValueError, match=r"pickle|trust"):
            store.get_input("x")


def test_the_store_comes_from_the_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NACRE_FLOWSTORE", str(tmp_path / "deep" / "v"))
    StoreInterface("1", "ana", "One").save_output(1, "x")
    assert StoreInterface("1", "ana", "Two").get_input("x") == 1
    assert (tmp_path / "deep" / "v").is_dir()

    monkeypatch.delenv("NACRE_FLOWSTORE")
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    StoreInterface("1", "ana", "One").save_output(2, "x")
    assert (tmp_path / "data" / "nacre" / "flows.vault").is_dir()


def test_making_an_interface_does_nothing(tmp_path: Path) -> None:
    StoreInterface("1", "ana", "One", store=tmp_path / "v")

    assert not (tmp_path / "v").exists()
