"""Damage is told in the words of whose data it is: instances, assets, outputs."""

from pathlib import Path

import numpy as np
import pandas as pd

import nacre
from nacre_adapters.flowstore import Dataset, StoreInterface
from nacre_adapters.tablevault import TableVault

FRAME = pd.DataFrame({"a": np.random.default_rng(1).random(5000)})


def damaged(vault: Path) -> set[str]:
    """Flip a byte in the middle of the only pack; return what `verify` says is affected."""
    (pack,) = (vault / "packs").glob("*.pack")
    content = bytearray(pack.read_bytes())
    content[len(content) // 2] ^= 1
    pack.write_bytes(content)
    with nacre.open(vault, read_only=True) as opened:
        return {label for problem in opened.verify().problems for label in problem.affects}


def test_damage_names_the_instances_of_a_tablevault(tmp_path: Path) -> None:
    vault = TableVault(tmp_path / "t.vault", "ana", create=True)
    vault.create_table("t")
    vault.create_instance("t", external_edit=True)
    vault.write_instance(FRAME, "t")
    (instance,) = vault.get_table_instances("t")
    vault.close()

    assert damaged(tmp_path / "t.vault") == {f"instance {instance!r}"}


def test_damage_names_the_assets_and_outputs_of_flows(tmp_path: Path) -> None:
    with nacre.open(tmp_path / "f.vault", actor="ana") as vault:
        store = StoreInterface("1", "ana", "Load", store=vault)
        store.save_asset(Dataset(FRAME, "numbers"))
        store.save_output(FRAME, "frame")

    assert damaged(tmp_path / "f.vault") == {
        "asset 'numbers' revision 0",
        "output 'frame' of step 'Load' of flow '1'",
    }
