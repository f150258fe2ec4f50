"""Random lives of a vault: at every position it reads as a model that was kept for each."""

import os
import shutil
import tempfile
from pathlib import Path
from typing import ClassVar

import pandas as pd
import pytest
from accounts import Accounts
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

import nacre
from nacre.errors import InvalidInput, NotFound

OWNERS = st.sampled_from(["ana", "bo", "çigdem"])
DEPOSITS = st.lists(st.tuples(OWNERS, st.integers(-5, 100)), min_size=1, max_size=4)
NAMES = st.sampled_from(["q1", "q2", "q3"])
FRAMES = st.sampled_from(["flights", "weather"])

World = tuple[dict[str, int], dict[str, list[int]], dict[str, int], int]
"""Balances, frames, snapshots and how many events there were."""


class Sizes:
    """How many events every commit had: a view that ends commits, which the vault never keeps."""

    name: ClassVar[str] = "sizes"
    version: ClassVar[int] = 1

    def __init__(self, state: nacre.State) -> None:
        self._sizes = state.table("sizes")
        self._total = state.table("total")

    def apply(self, event: nacre.Event) -> None:
        self._total["events"] = self.total() + 1

    def end_commit(self, header: nacre.Header, names: object) -> None:
        self._sizes[header.position] = self.total()

    def total(self) -> int:
        return self._total.get("events", 0)

    def commits(self) -> list[int]:
        return [position for (position,), _ in self._sizes.scan()]


class PastMachine(RuleBasedStateMachine):
    """Commits, pins, unpins, reopens, forgets its cache, and asks for any position."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp())
        self.worlds: list[World] = [({}, {}, {}, 0)]
        self.pasts: list[nacre.Vault] = []

    @initialize(single_file=st.booleans())
    def create(self, single_file: bool) -> None:
        self.vault = nacre.open(self.folder / "v", actor="ana", single_file=single_file)
        self.vault.register(Accounts)

    def teardown(self) -> None:
        if hasattr(self, "vault"):
            assert self.vault.verify().problems == ()
            assert self.vault.replay().is_equal
            self.vault.close()
        shutil.rmtree(self.folder)

    def _committed(
        self,
        *,
        balances: dict[str, int] | None = None,
        frames: dict[str, list[int]] | None = None,
        snapshots: dict[str, int] | None = None,
        events: int = 1,
    ) -> None:
        old = self.worlds[-1]
        world = (balances or old[0], frames or old[1], old[2], old[3] + events)
        if snapshots is not None:
            world = (world[0], world[1], snapshots, world[3])
        self.worlds.append(world)
        assert self.vault.head == len(self.worlds) - 1

    @rule(deposits=DEPOSITS)
    def deposit(self, deposits: list[tuple[str, int]]) -> None:
        balances = dict(self.worlds[-1][0])
        with self.vault.transaction() as tx:
            for owner, amount in deposits:
                tx.record("deposited", subject=owner, data={"amount": amount})
                balances[owner] = balances.get(owner, 0) + amount
        self._committed(balances=balances, events=len(deposits))

    @rule(name=FRAMES, numbers=st.lists(st.integers(0, 9), min_size=1, max_size=4))
    def write_a_frame(self, name: str, numbers: list[int]) -> None:
        self.vault.frames.write(name, pd.DataFrame({"n": numbers}))
        self._committed(frames=self.worlds[-1][1] | {name: numbers})

    @rule(name=NAMES, data=st.data())
    def pin(self, name: str, data: st.DataObject) -> None:
        snapshots = self.worlds[-1][2]
        position = data.draw(st.none() | st.integers(0, len(self.worlds) - 1))
        if name in snapshots:
            with pytest.raises(InvalidInput, match="there is a snapshot"):
                self.vault.snapshots.create(name, at=position)
            return
        pinned = self.vault.snapshots.create(name, at=position).snapshot.position
        assert pinned == (len(self.worlds) - 1 if position is None else position)
        self._committed(snapshots=snapshots | {name: pinned})

    @rule(name=NAMES)
    def unpin(self, name: str) -> None:
        snapshots = self.worlds[-1][2]
        if name not in snapshots:
            with pytest.raises(NotFound):
                self.vault.snapshots.delete(name)
            return
        self.vault.snapshots.delete(name)
        self._committed(snapshots={n: p for n, p in snapshots.items() if n != name})

    @rule(read_only=st.booleans())
    def reopen(self, read_only: bool) -> None:
        path = self.vault.path
        self.pasts.clear()
        self.vault.close()
        if read_only:
            with nacre.open(path, read_only=True) as vault:
                self._compare(vault.at(len(self.worlds) // 2))
        self.vault = nacre.open(path, actor="ana")
        self.vault.register(Accounts)

    @rule()
    def forget_the_cache(self) -> None:
        shutil.rmtree(os.environ["XDG_CACHE_HOME"], ignore_errors=True)

    @rule(data=st.data())
    def look_back(self, data: st.DataObject) -> None:
        position = data.draw(st.integers(0, len(self.worlds) - 1))
        self._compare(self.vault.at(position))

    @rule(data=st.data())
    def keep_looking_back(self, data: st.DataObject) -> None:
        self.pasts.append(self.vault.at(data.draw(st.integers(0, len(self.worlds) - 1))))

    @precondition(lambda self: self.pasts)
    @rule(data=st.data())
    def look_again(self, data: st.DataObject) -> None:
        self._compare(data.draw(st.sampled_from(self.pasts)))

    @rule(name=NAMES)
    def look_back_by_name(self, name: str) -> None:
        snapshots = self.worlds[-1][2]
        if name not in snapshots:
            with pytest.raises(InvalidInput):
                self.vault.at(name)
            return
        past = self.vault.at(name)
        assert past.head == snapshots[name]
        self._compare(past)

    @rule(data=st.data())
    def look_back_from_the_past(self, data: st.DataObject) -> None:
        later = data.draw(st.integers(0, len(self.worlds) - 1))
        earlier = data.draw(st.integers(0, later))
        self._compare(self.vault.at(later).at(earlier))

    @rule(data=st.data())
    def replay(self, data: st.DataObject) -> None:
        position = data.draw(st.none() | st.integers(0, len(self.worlds) - 1))
        assert self.vault.replay(to=position).problems == ()

    def _compare(self, past: nacre.Vault) -> None:
        balances, frames, snapshots, events = self.worlds[past.head]
        assert past.view(Accounts).all() == balances
        assert past.view(Sizes).total() == events == len(list(past.events()))
        assert past.view(Sizes).commits() == list(range(past.head))
        assert past.frames.names() == sorted(frames)
        for name, numbers in frames.items():
            assert past.frames.read(name).n.tolist() == numbers
        assert {s.name: s.position for s in past.snapshots.all()} == snapshots
        ana = [event.position for event in past.events(subject="ana")]
        assert all(position < past.head for position in ana)


TestPast = PastMachine.TestCase
TestPast.settings = settings(
    max_examples=15,
    stateful_step_count=20,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)
