"""200,000 events in commits of 1,000, each with a row of a user's view; and its rebuild."""

import time
from collections.abc import Callable

import nacre
from bench import data
from bench.child import Child
from bench.environments import EVENTSOURCING, peer_python
from bench.measure import Line, Setting, Target, speedup, take_turns

EACH = 1000
ACCOUNTS = 1000


class Accounts:
    """Every deposit, by account and number."""

    name = "accounts"
    version = 1

    def __init__(self, state: nacre.State) -> None:
        self.rows = state.table("rows")

    def apply(self, event: nacre.Event) -> None:
        """Keep the amount of a deposit."""
        if event.kind == "deposited":
            self.rows[event.subject, event.data["number"]] = event.data["amount"]


class Deposits:
    """The events, and what is done with them."""

    def prepare(self, events: int, accounts: int) -> None:
        self._deposits = data.make_deposits(events, accounts)

    def commit_batches(self, path: str) -> float:
        """Commit all events, a thousand at a time."""
        with nacre.open(path, actor="bench") as vault:
            vault.register(Accounts)
            start = time.perf_counter()
            for first in range(0, len(self._deposits), EACH):
                self._commit(vault, first)
            return time.perf_counter() - start

    def rebuild(self, path: str) -> float:
        """Derive the account view again from a vault that was filled before."""
        with nacre.open(path, actor="bench") as vault:
            vault.register(Accounts)
            start = time.perf_counter()
            vault.rebuild([Accounts.name])
            return time.perf_counter() - start

    def count(self, path: str) -> int:
        """Return how many rows the view has."""
        with nacre.open(path, actor="bench") as vault:
            return sum(1 for _ in vault.view(Accounts).rows.scan())

    def _commit(self, vault: nacre.Vault, first: int) -> None:
        with vault.transaction(message="deposits") as tx:
            for subject, fields in self._deposits[first : first + EACH]:
                tx.record("deposited", subject=subject, data=fields)


def batches(setting: Setting) -> list[Line]:
    """Against raw LMDB with the same puts, and against the `eventsourcing` library."""
    events = setting.size(200_000, 20_000)
    python = peer_python("eventsourcing", EVENTSOURCING, setting.say)
    with (
        Child("bench.views:Deposits") as ours,
        Child("bench.peers.raw_lmdb:RawLmdb") as raw,
        Child("bench.peers.recorder:Recorder", python) as recorder,
    ):
        model = setting.place("batches-model")
        ours.call("prepare", events=events, accounts=ACCOUNTS)
        ours.call("commit_batches", path=str(model))
        assert ours.call("count", path=str(model)) == events
        raw.call("prepare", vault=str(model / "vault.mdb"))
        raw.call("prepare_rows", events=events, accounts=ACCOUNTS)
        recorder.call("prepare", events=events, accounts=ACCOUNTS)
        samples = take_turns(
            setting.rounds,
            {
                "nacre": _in_new_place(setting, ours, "nacre"),
                "lmdb": _with_lmdb(setting, raw),
                "eventsourcing": _in_new_place(setting, recorder, "recorder", each=EACH),
            },
        )
    peers = [("lmdb", "raw lmdb, the same puts", 0.25)]
    peers.append(("eventsourcing", "eventsourcing 9.5, SQLite recorder, no view", 4))
    return [
        Line(
            work=f"{events:,} events in commits of {EACH:,}, each with a view row",
            against=against,
            ours=samples["nacre"].per_second(events),
            theirs=samples[name].per_second(events),
            unit="events/s",
            value=speedup(samples["nacre"], samples[name]),
            target=Target(bound, "x"),
        )
        for name, against, bound in peers
    ]


def rebuild(setting: Setting) -> list[Line]:
    """The rebuild of that view, which has no peer."""
    events = setting.size(200_000, 20_000)
    with Child("bench.views:Deposits") as ours:
        path = str(setting.place("rebuild"))
        ours.call("prepare", events=events, accounts=ACCOUNTS)
        ours.call("commit_batches", path=path)
        seconds = take_turns(setting.rounds, {"nacre": lambda: ours.seconds("rebuild", path=path)})
        assert ours.call("count", path=path) == events
    rate = seconds["nacre"].per_second(events)
    return [
        Line(
            work=f"rebuild of that view of {events:,} rows",
            against="",
            ours=rate,
            unit="events/s",
            value=rate.median,
            value_unit="events/s",
            target=Target(200_000, "events/s"),
        )
    ]


def _in_new_place(
    setting: Setting, child: Child, name: str, **arguments: object
) -> Callable[[], float]:
    def run() -> float:
        path = str(setting.place(f"batches-{name}"))
        return child.seconds("commit_batches", path=path, **arguments)

    return run


def _with_lmdb(setting: Setting, raw: Child) -> Callable[[], float]:
    def run() -> float:
        raw.call("open", path=str(setting.place("batches-lmdb")))
        taken = raw.seconds("commit_with_rows")
        raw.call("close")
        return taken

    return run
