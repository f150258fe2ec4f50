"""Random lives of a vault against a model of it in a dozen lines."""

import shutil
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from pathlib import Path

import pandas as pd
import pytest
from accounts import Accounts
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from processes import Process

import nacre
from nacre.codec import digests_in
from nacre.errors import NotFound
from nacre.log.tree import root_of

OWNERS = st.sampled_from(["ana", "bo", "çigdem", "d/e"])
AMOUNTS = st.integers(-5, 100)
DEPOSITS = st.lists(st.tuples(OWNERS, AMOUNTS), min_size=1, max_size=4)
WRITE_IDS = st.sampled_from(["w1", "w2", "w3"])
CONTENTS = st.sampled_from([b"", b"tiny", b"text " * 900, bytes(range(256)) * 40, b"\x07" * 5000])
FRAMES = st.sampled_from(["flights", "weather"])

Fact = tuple[str, str, dict[str, object]]


@dataclass
class Model:
    """What a vault holds, as far as its users can tell."""

    commits: list[list[Fact]] = field(default_factory=list)
    write_ids: dict[str, int] = field(default_factory=dict)
    blobs: dict[nacre.Digest, bytes] = field(default_factory=dict)
    frames: dict[str, list[pd.DataFrame | None]] = field(default_factory=dict)
    checkpoints: list[nacre.Checkpoint] = field(default_factory=list)

    def balances(self) -> dict[str, int]:
        balances: dict[str, int] = {}
        for kind, owner, data in (fact for commit in self.commits for fact in commit):
            if kind == "deposited":
                balances[owner] = balances.get(owner, 0) + data["amount"]
        return balances

    def latest(self, name: str) -> pd.DataFrame | None:
        versions = self.frames.get(name, [])
        return versions[-1] if versions else None


class Remote:
    """A second process with a vault of its own, which does what it is told."""

    def __init__(self, path: Path, *, knows_the_view: bool) -> None:
        def obey(talk: Connection) -> None:
            with nacre.open(path, actor="remote") as vault:
                if knows_the_view:
                    vault.register(Accounts)
                while (deposits := talk.recv()) is not None:
                    receipt = vault.commit(decision(deposits))
                    talk.send((receipt.position, vault.verify().is_clean))

        self._process = Process(obey)

    def deposit(self, deposits: list[tuple[str, int]]) -> tuple[int, bool]:
        self._process.talk.send(deposits)
        return self._process.hear()

    def end(self) -> None:
        self._process.talk.send(None)
        self._process.end()


def decision(deposits: list[tuple[str, int]]) -> Callable[[nacre.Transaction], None]:
    def decide(tx: nacre.Transaction) -> None:
        for owner, amount in deposits:
            tx.record("deposited", subject=owner, data={"amount": amount})

    return decide


def facts_of(deposits: list[tuple[str, int]]) -> list[Fact]:
    return [("deposited", owner, {"amount": amount}) for owner, amount in deposits]


class VaultMachine(RuleBasedStateMachine):
    """Commits, repeats, raises, reopens, asks other handles and processes, and compares."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp())
        self.model = Model()
        self.remote: Remote | None = None
        self.other: nacre.Vault | None = None

    @initialize(single_file=st.booleans())
    def create(self, single_file: bool) -> None:
        self.vault = nacre.open(self.folder / "v", actor="ana", single_file=single_file)
        self.vault.register(Accounts)

    def teardown(self) -> None:
        if hasattr(self, "vault"):
            self._end_others()
            assert self.vault.verify().problems == ()
            self.vault.close()
        shutil.rmtree(self.folder)

    def _end_others(self) -> None:
        if self.remote is not None:
            self.remote.end()
        if self.other is not None:
            self.other.close()
        self.remote = self.other = None

    def _committed(self, position: int, facts: list[Fact]) -> None:
        assert position == len(self.model.commits)
        self.model.commits.append(facts)

    # Commits

    @rule(deposits=DEPOSITS)
    def commit(self, deposits: list[tuple[str, int]]) -> None:
        receipt = self.vault.commit(decision(deposits))
        assert receipt.events == len(deposits)
        self._committed(receipt.position, facts_of(deposits))

    @rule(deposits=DEPOSITS)
    def commit_in_a_transaction(self, deposits: list[tuple[str, int]]) -> None:
        with self.vault.transaction() as tx:
            decision(deposits)(tx)
            position = tx.position
        self._committed(position, facts_of(deposits))

    @rule(deposits=DEPOSITS)
    def raise_in_a_decision(self, deposits: list[tuple[str, int]]) -> None:
        def decide(tx: nacre.Transaction) -> None:
            decision(deposits)(tx)
            tx.put(b"lost" * 2000)
            raise ZeroDivisionError

        with pytest.raises(ZeroDivisionError):
            self.vault.commit(decide)

    @rule(deposits=DEPOSITS, write_id=WRITE_IDS)
    def commit_with_a_write_id(self, deposits: list[tuple[str, int]], write_id: str) -> None:
        receipt = self.vault.commit(decision(deposits), write_id=write_id)
        if write_id in self.model.write_ids:
            assert receipt.position == self.model.write_ids[write_id]
        else:
            self.model.write_ids[write_id] = receipt.position
            self._committed(receipt.position, facts_of(deposits))

    # Blobs and frames

    @rule(content=CONTENTS)
    def put_and_name(self, content: bytes) -> None:
        digest = self.vault.put(content)
        receipt = self.vault.record("file.added", subject="f", data={"blob": digest})
        self._committed(receipt.position, [("file.added", "f", {"blob": digest})])
        self.model.blobs[digest] = content

    @rule(content=CONTENTS)
    def put_in_vain(self, content: bytes) -> None:
        assert self.vault.get(self.vault.put(content)) == content

    @rule(name=FRAMES, numbers=st.lists(st.integers(0, 9), max_size=5))
    def write_a_frame(self, name: str, numbers: list[int]) -> None:
        frame = pd.DataFrame({"n": pd.Series(numbers, dtype="int64")})
        version = self.vault.frames.write(name, frame)
        self._frame_committed(name, frame, version)

    @rule(name=FRAMES, numbers=st.lists(st.integers(0, 9), min_size=1, max_size=5))
    def append_to_a_frame(self, name: str, numbers: list[int]) -> None:
        latest = self.model.latest(name)
        more = pd.DataFrame({"n": pd.Series(numbers, dtype="int64")})
        if latest is None:
            with pytest.raises(NotFound):
                self.vault.frames.append(name, more)
            return
        version = self.vault.frames.append(name, more)
        self._frame_committed(name, pd.concat([latest, more], ignore_index=True), version)

    @rule(name=FRAMES)
    def delete_a_frame(self, name: str) -> None:
        if self.model.latest(name) is None:
            with pytest.raises(NotFound):
                self.vault.frames.delete(name)
            return
        receipt = self.vault.frames.delete(name)
        self._committed(receipt.position, [("frame.deleted", name, {})])
        self.model.frames[name].append(None)

    def _frame_committed(self, name: str, frame: pd.DataFrame, version: nacre.FrameVersion) -> None:
        versions = self.model.frames.setdefault(name, [])
        assert version.version == len([held for held in versions if held is not None])
        versions.append(frame)
        (event,) = self.vault.events(start=version.position)
        self._committed(version.position, [(event.kind, name, event.data)])
        assert list(digests_in(event.data)) == [version.frame]

    # Handles and processes

    @rule()
    def reopen(self) -> None:
        self._end_others()
        path = self.vault.path
        self.vault.close()
        self.vault = nacre.open(path, actor="ana")
        self.vault.register(Accounts)

    @rule(deposits=DEPOSITS, knows_the_view=st.booleans())
    def commit_through_another_handle(
        self, deposits: list[tuple[str, int]], knows_the_view: bool
    ) -> None:
        if self.other is None:
            self.other = nacre.open(self.vault.path, actor="bo")
            if knows_the_view:
                self.other.register(Accounts)
        receipt = self.other.commit(decision(deposits))
        self._committed(receipt.position, facts_of(deposits))
        assert self.other.view(Accounts).all() == self.model.balances()

    @rule(deposits=DEPOSITS, knows_the_view=st.booleans())
    def commit_in_another_process(
        self, deposits: list[tuple[str, int]], knows_the_view: bool
    ) -> None:
        if self.remote is None:
            self.remote = Remote(self.vault.path, knows_the_view=knows_the_view)
        position, was_clean = self.remote.deposit(deposits)
        self._committed(position, facts_of(deposits))
        assert was_clean

    @rule(data=st.data())
    def rebuild(self, data: st.DataObject) -> None:
        names = [view.name for view in self.vault.describe().views]
        self.vault.rebuild(data.draw(st.lists(st.sampled_from(names), unique=True)))

    # Comparing

    @precondition(lambda self: hasattr(self, "vault"))
    @invariant()
    def events_and_views_are_those_of_the_model(self) -> None:
        commits = self.model.commits
        facts = [fact for commit in commits for fact in commit]
        assert self.vault.head == len(commits)
        assert [(e.kind, e.subject, e.data) for e in self.vault.events()] == facts
        assert self.vault.view(Accounts).all() == self.model.balances()

    @precondition(lambda self: hasattr(self, "vault"))
    @invariant()
    def checkpoints_are_of_one_growing_log(self) -> None:
        checkpoint = self.vault.checkpoint()
        leaves = [self.vault.commit_at(n).leaf for n in range(len(self.model.commits))]
        self.model.checkpoints.append(checkpoint)
        for kept in self.model.checkpoints[-3:]:
            assert kept.root == root_of(leaves[: kept.head])

    @rule(owner=OWNERS, start=st.integers(0, 5), reverse=st.booleans())
    def filter_events(self, owner: str, start: int, reverse: bool) -> None:
        expected = [
            (position, fact)
            for position, commit in enumerate(self.model.commits)
            for fact in commit
            if fact[1] == owner and position >= start
        ]
        found = self.vault.events(subject=owner, start=start, reverse=reverse)
        said = [(e.position, (e.kind, e.subject, e.data)) for e in found]
        assert said == (expected[::-1] if reverse else expected)

    @rule()
    def compare_blobs_and_frames(self) -> None:
        for digest, content in self.model.blobs.items():
            assert self.vault.get(digest) == content
        living = [name for name in self.model.frames if self.model.latest(name) is not None]
        assert self.vault.frames.names() == sorted(living)
        for name, held in self.model.frames.items():
            written = [frame for frame in held if frame is not None]
            for version, frame in enumerate(written):
                pd.testing.assert_frame_equal(self.vault.frames.read(name, version), frame)

    @rule()
    def verify(self) -> None:
        assert self.vault.verify().problems == ()


TestVault = VaultMachine.TestCase
TestVault.settings = settings(
    max_examples=60,
    stateful_step_count=25,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)
