"""Views as users meet them: raised versions, missing code, several processes, entry points."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from multiprocessing.connection import Connection
from pathlib import Path
from typing import ClassVar

import pytest
from accounts import Accounts, DoubledAccounts, deposit, fill
from processes import Process, in_process
from rows import rows

import nacre
from nacre.errors import FormatError, InvalidInput
from nacre.prefixes import VIEWS
from nacre.views.view import Names


class CommitSizes:
    """Notes something for every commit, though it wants few kinds of events."""

    name: ClassVar[str] = "commit-sizes"
    version: ClassVar[int] = 1
    kinds = ("deposited",)

    def __init__(self, state: nacre.State) -> None:
        self._sizes = state.table("sizes")
        self._deposits = 0

    def apply(self, event: nacre.Event) -> None:
        self._deposits += 1

    def end_commit(self, header: nacre.Header, names: Names) -> None:
        self._sizes[header.position] = self._deposits
        self._deposits = 0

    def all(self) -> list[int]:
        return [size for _, size in self._sizes.scan()]


def without_the_code(path: Path) -> Callable[[], None]:
    """Return work that commits in a process that does not know the view."""

    def work() -> None:
        with nacre.open(path) as vault:
            deposit(vault, "ana", 7)

    return work


def position_of(vault: nacre.Vault, name: str) -> int:
    return next(view.position for view in vault.describe().views if view.name == name)


# Versions


def test_a_raised_version_is_built_again(bank: Path) -> None:
    with nacre.open(bank) as vault:
        vault.register(DoubledAccounts)
        deposit(vault, "ana", 1)

        assert vault.view(DoubledAccounts).all() == {"ana": 1100, "bo": 500}
        assert vault.verify().is_clean


def test_the_rows_of_an_old_version_are_erased(bank: Path) -> None:
    with nacre.open(bank) as vault:
        vault.register(DoubledAccounts)
        for _ in range(5):
            vault.rebuild()

    # Behind a view's prefix stand the two bytes of its slot: one slot for each of three views.
    assert len({key[:3] for key in rows(bank, VIEWS)}) <= 3


def test_old_code_says_that_a_newer_one_wrote_the_view(bank: Path) -> None:
    with nacre.open(bank) as vault:
        vault.register(DoubledAccounts)

    with nacre.open(bank) as vault:
        with pytest.raises(FormatError, match=r"has version 2 .* and this program has 1: upgrade"):
            vault.view(Accounts).get("ana")
        with pytest.raises(FormatError, match="upgrade the program"):
            vault.rebuild()
        deposit(vault, "ana", 1)
        assert vault.verify().is_clean

    with nacre.open(bank) as vault:
        assert vault.view(DoubledAccounts).all() == {"ana": 1100, "bo": 500}


def test_old_code_derives_again_what_a_newer_one_wrote_when_it_is_named(bank: Path) -> None:
    with nacre.open(bank) as vault:
        vault.register(DoubledAccounts)

    with nacre.open(bank) as vault:
        vault.register(Accounts)
        vault.rebuild(["accounts"])

        assert vault.view(Accounts).all() == {"ana": 10, "bo": 5}
        assert vault.verify().is_clean


# Code that is not installed


def test_a_view_without_its_code_stops_and_catches_up(bank: Path) -> None:
    in_process(without_the_code(bank))

    with nacre.open(bank) as vault:
        stopped_at = position_of(vault, "accounts")
        vault.register(Accounts)

        assert stopped_at == 2
        assert position_of(vault, "accounts") == 3
        assert vault.view(Accounts).all() == {"ana": 17, "bo": 5}
        assert vault.verify().is_clean


def test_an_open_handle_catches_up_with_a_process_that_lacks_the_code(bank: Path) -> None:
    with nacre.open(bank) as vault:
        accounts = vault.view(Accounts)
        for expected in (17, 24):
            in_process(without_the_code(bank))
            assert accounts.get("ana") == expected

        in_process(without_the_code(bank))
        in_decision = []
        vault.commit(lambda tx: in_decision.append(tx.view(Accounts).get("ana")))

        assert in_decision == [31]
        assert accounts.all() == {"ana": 31, "bo": 5}
        assert vault.verify().is_clean


def test_a_read_only_handle_reads_views_that_are_behind_in_memory(bank: Path) -> None:
    with nacre.open(bank, read_only=True) as reader:
        accounts = reader.view(Accounts)
        seen = [accounts.all()]
        for _ in range(2):
            in_process(without_the_code(bank))
            seen.append(accounts.all())

        assert [balances["ana"] for balances in seen] == [10, 17, 24]
        assert {balances["bo"] for balances in seen} == {5}
        assert position_of(reader, "accounts") == 2
        assert reader.verify().is_clean


def test_a_read_only_handle_reads_a_view_that_was_never_kept(bank: Path) -> None:
    with nacre.open(bank, read_only=True) as reader:
        assert reader.view(CommitSizes).all() == [1, 1]
        assert reader.view(DoubledAccounts).all() == {"ana": 1000, "bo": 500}
        assert {view.name for view in reader.describe().views} == {
            "accounts",
            "frames",
            "nacre.history",
            "rows",
        }


def test_threads_share_a_view_that_is_caught_up_in_memory(bank: Path) -> None:
    with nacre.open(bank) as vault:
        fill(vault, 20, 100)
    for _ in range(3):
        in_process(without_the_code(bank))
    with nacre.open(bank, read_only=True) as reader:
        accounts = reader.view(DoubledAccounts)

        with ThreadPoolExecutor(8) as threads:
            seen = list(threads.map(lambda _: accounts.get("ana"), range(200)))

        assert set(seen) == {3100}


def test_a_read_sees_one_head_of_a_view_that_is_behind(bank: Path) -> None:
    with nacre.open(bank, read_only=True) as reader:
        accounts = reader.view(DoubledAccounts)
        other = Process(lambda talk: (talk.recv(), without_the_code(bank)()))
        with reader.read(), ThreadPoolExecutor(1) as threads:
            before = accounts.get("ana")
            other.talk.send("commit")
            other.end()
            elsewhere = threads.submit(accounts.get, "ana").result()
            after = accounts.get("ana")

        assert (before, elsewhere, after) == (1000, 1700, 1000)
        assert accounts.get("ana") == 1700


# What a view may be


def test_the_end_of_every_commit_is_noted(bank: Path) -> None:
    with nacre.open(bank) as vault:
        vault.register(CommitSizes)
        vault.record("a.b", subject="s")
        fill(vault, 1, 3)
        vault.record("a.b", subject="s")
        live = vault.view(CommitSizes).all()
        vault.rebuild(["commit-sizes"])

        assert live == [1, 1, 0, 3, 0]
        assert vault.view(CommitSizes).all() == live
        assert vault.verify().is_clean


@pytest.mark.parametrize(
    "view",
    [
        type("NoName", (Accounts,), {"name": None}),
        type("EmptyName", (Accounts,), {"name": ""}),
        type("NoVersion", (Accounts,), {"version": None}),
        type("VersionZero", (Accounts,), {"version": 0}),
        type("TextVersion", (Accounts,), {"version": "1"}),
        type("NoApply", (Accounts,), {"apply": None}),
        Accounts.__name__,
    ],
)
def test_what_is_no_view_is_refused_and_forgotten(bank: Path, view: type) -> None:
    with nacre.open(bank) as vault:
        with pytest.raises(InvalidInput):
            vault.register(view)

        assert deposit(vault, "ana", 1).position == 2


class Hasty(Accounts):
    """Does not know what to do about bo."""

    name: ClassVar[str] = "hasty"

    def apply(self, event: nacre.Event) -> None:
        if event.subject == "bo":
            raise LookupError("who is bo?")
        super().apply(event)


def test_a_view_that_cannot_be_caught_up_harms_no_commit(bank: Path) -> None:
    with nacre.open(bank) as vault:
        with pytest.raises(LookupError, match="who is bo"):
            vault.register(Hasty)

        assert deposit(vault, "bo", 1).position == 2
        assert vault.verify().is_clean


def test_an_event_that_a_view_refuses_is_not_committed(tmp_path: Path) -> None:
    with nacre.open(tmp_path / "v") as vault:
        vault.register(Hasty)
        deposit(vault, "ana", 1)
        with pytest.raises(LookupError, match="who is bo"):
            deposit(vault, "bo", 1)

        assert (vault.head, vault.view(Hasty).all()) == (1, {"ana": 1})


# Entry points


BANK = """
class Balances:
    name = "ledger.balances"
    version = 1

    def __init__(self, state):
        self.events = state.table("events")

    def apply(self, event):
        self.events["all"] = self.events.get("all", 0) + 1
"""


@pytest.fixture
def site(tmp_path: Path) -> Path:
    """A folder for sys.path with an installed distribution that offers a view."""
    folder = tmp_path / "site"
    (folder / "ledger-1.0.dist-info").mkdir(parents=True)
    (folder / "ledger.py").write_text(BANK)
    (folder / "ledger-1.0.dist-info" / "METADATA").write_text(
        "Metadata-Version: 2.1\nName: ledger\nVersion: 1.0\n"
    )
    (folder / "ledger-1.0.dist-info" / "entry_points.txt").write_text(
        "[nacre.views]\nledger.balances = ledger:Balances\n"
    )
    return folder


def test_installed_views_are_found_through_entry_points(
    bank: Path, site: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def register(_: Connection) -> None:
        monkeypatch.syspath_prepend(str(site))
        import ledger  # noqa: PLC0415 - it is on the path only now

        with nacre.open(bank) as vault:
            vault.register(ledger.Balances)

    def commit_with_the_code() -> tuple[int, bool]:
        monkeypatch.syspath_prepend(str(site))
        with nacre.open(bank) as vault:
            deposit(vault, "ana", 1)
            return position_of(vault, "ledger.balances"), "ledger.balances" in vault.verify().views

    def commit_without_the_code() -> int:
        with nacre.open(bank) as vault:
            deposit(vault, "ana", 1)
            return position_of(vault, "ledger.balances")

    Process(register).end()

    assert in_process(commit_without_the_code) == 2
    assert in_process(commit_with_the_code) == (4, True)


class Wordy:
    """Reads a kind whose data had another shape in its first version."""

    name = "wordy"
    version = 1
    upcasts: ClassVar = {("said", 1): lambda data: {"words": str(data["text"]).split()}}

    def __init__(self, state: nacre.State) -> None:
        self.rows = state.table("rows")

    def apply(self, event: nacre.Event) -> None:
        """Count the words."""
        self.rows[event.position] = len(event.data["words"])  # type: ignore[arg-type]


def test_a_view_brings_the_upcasts_of_its_kinds(tmp_path: Path) -> None:
    with nacre.open(tmp_path / "v") as vault:
        vault.record("said", subject="s", data={"text": "a b c"})
        vault.register(Wordy)

        assert list(vault.view(Wordy).rows.scan()) == [((0,), 3)]
        assert [event.data for event in vault.events()] == [{"words": ["a", "b", "c"]}]
        assert vault.verify().is_clean


def test_an_exception_in_a_view_says_which_event_it_was(tmp_path: Path) -> None:
    with nacre.open(tmp_path / "v") as vault:
        vault.register(Wordy)

        with pytest.raises(KeyError) as raised:
            vault.record("odd", subject="s", data={})

        assert "'odd' of 's' in commit 0" in raised.value.__notes__[0]


class Untouched:
    """A view of kinds that no commit has."""

    name = "untouched"
    version = 1
    kinds = ("never.happened",)

    def __init__(self, state: nacre.State) -> None:
        self._rows = state.table("rows")

    def apply(self, event: nacre.Event) -> None:
        self._rows[event.subject] = True


def test_a_view_that_no_event_concerns_does_not_read_the_log(tmp_path: Path) -> None:
    with nacre.open(tmp_path / "v") as vault:
        vault.record("a.b", subject="s")
        key = b"\x06" + bytes(8)
        environment = vault.store.environment
        environment.run(vault.store.files, lambda t: t.put(key, t.get(key)[:-1] + b"?"))

        vault.register(Untouched)  # it would raise if it had read the damaged commit

        vault.record("never.happened", subject="now")
        assert list(vault.view(Untouched)._rows.scan()) == [(("now",), True)]
