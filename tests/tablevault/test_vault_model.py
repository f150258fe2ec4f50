"""Random histories against dicts: tables, instances, what is temporary, renamed, deleted."""

import tempfile
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule
from tablevault.vaults import numbers

from nacre_adapters.tablevault import TableVault, TVArgumentError, TVTableError

NAMES = st.sampled_from(["a", "b", "c"])
VERSIONS = st.sampled_from(["base", "v1", "v10"])


class VaultMachine(RuleBasedStateMachine):
    """A vault, and what it should hold: rows of each instance by table, version and order."""

    def __init__(self) -> None:
        super().__init__()
        self._folder = tempfile.TemporaryDirectory()
        self._path = Path(self._folder.name) / "v"
        self.vault = TableVault(self._path, "ana", create=True)
        self.tables: dict[str, list[tuple[str, str, int]]] = {}
        self.drafts: dict[str, dict[str, int]] = {}
        self.gone: list[tuple[str, int]] = []

    def teardown(self) -> None:
        assert self.vault.vault.verify().is_clean
        assert self.vault.vault.replay().is_equal
        self.vault.close()
        self._folder.cleanup()

    @rule(name=NAMES)
    def create_table(self, name: str) -> None:
        if name in self.tables:
            with pytest.raises(TVArgumentError):
                self.vault.create_table(name)
            return
        self.vault.create_table(name)
        self.tables[name], self.drafts[name] = [], {}

    @rule(name=NAMES, version=VERSIONS, copy=st.booleans())
    def begin(self, name: str, version: str, copy: bool) -> None:
        if name not in self.tables:
            with pytest.raises(TVArgumentError):
                self.vault.create_instance(name, version=version, external_edit=True)
            return
        self.vault.create_instance(name, version=version, external_edit=True, copy=copy)
        same = [rows for _, each, rows in self.tables[name] if each == version]
        every = [rows for _, _, rows in self.tables[name]]
        self.drafts[name][version] = (same or every or [0])[-1] if copy else 0

    @rule(name=NAMES, version=VERSIONS, rows=st.integers(1, 4))
    def write(self, name: str, version: str, rows: int) -> None:
        if version not in self.drafts.get(name, {}):
            with pytest.raises(TVArgumentError):
                self.vault.write_instance(numbers(rows), name, version=version)
            return
        self.vault.write_instance(numbers(rows), name, version=version)
        del self.drafts[name][version]
        instance = self.vault.get_table_instances(name, version)[-1]
        self.tables[name].append((instance, version, rows))

    @precondition(lambda self: any(self.tables.values()))
    @rule(data=st.data())
    def delete_instance(self, data: st.DataObject) -> None:
        name = data.draw(st.sampled_from([name for name, found in self.tables.items() if found]))
        place = data.draw(st.integers(0, len(self.tables[name]) - 1))
        instance, _, rows = self.tables[name].pop(place)
        self.vault.delete_instance(instance, name)
        self.gone.append((instance, rows))

    @rule(name=NAMES, new=NAMES)
    def rename(self, name: str, new: str) -> None:
        if name not in self.tables or new in self.tables:
            with pytest.raises(TVArgumentError):
                self.vault.rename_table(new, name)
            return
        self.vault.rename_table(new, name)
        self.tables[new], self.drafts[new] = self.tables.pop(name), self.drafts.pop(name)

    @rule(name=NAMES)
    def delete_table(self, name: str) -> None:
        if name in self.tables:
            self.vault.delete_table(name)
            self.gone += [(instance, rows) for instance, _, rows in self.tables.pop(name)]
            del self.drafts[name]

    @rule()
    def reopen(self) -> None:
        self.vault.close()
        self.vault = TableVault(self._path, "bo")

    @invariant()
    def tables_are_those_of_the_model(self) -> None:
        assert set(self.vault.get_table_instances()) == set(self.tables)
        for name, found in self.tables.items():
            assert self.vault.get_table_instances(name, "") == [each for each, _, _ in found]
            drafts = self.vault.get_table_instances(name, "", include_temp=True)[len(found) :]
            assert drafts == sorted(f"TEMP_{version}" for version in self.drafts[name])
            for version, rows in self.drafts[name].items():
                assert len(self.vault.get_dataframe(name, f"TEMP_{version}")[0]) == rows

    @invariant()
    def the_last_instance_of_a_version_is_read(self) -> None:
        for name, found in self.tables.items():
            last = {version: (instance, rows) for instance, version, rows in found}
            for version, (instance, rows) in last.items():
                frame, read = self.vault.get_dataframe(name, version=version)
                assert read == instance
                pd.testing.assert_frame_equal(frame, numbers(rows))

    @invariant()
    def what_is_gone_is_described_and_not_read(self) -> None:
        for instance, _ in self.gone:
            assert self.vault.get_descriptions(instance)["success"] is True
            for name in self.tables:
                with pytest.raises(TVTableError):
                    self.vault.get_dataframe(name, instance)
        assert self.vault.get_active_processes() == {}


VaultMachine.TestCase.settings = settings(max_examples=12, stateful_step_count=20, deadline=None)
TestVaultModel = VaultMachine.TestCase
