"""200,000 events in commits of 1,000, each with a row of a user's view; and its rebuild.

Where the rows go decides what the disk has to do, so both kinds of view are measured.
"""

import time
from collections.abc import Callable, Mapping

import nacre
from bench import data
from bench.child import Child
from bench.environments import EVENTSOURCING, peer_python
from bench.measure import Line, Samples, Setting, Target, speedup, take_turns

EACH = 1000
ACCOUNTS = 1000


class Ledger:
    """Every deposit, in order: its rows go to the end of the view."""

    name = "ledger"
    version = 1

    def __init__(self, state: nacre.State) -> None:
        self.rows = state.table("rows")

    def apply(self, event: nacre.Event) -> None:
        """Keep account and amount of a deposit."""
        if event.kind == "deposited":
            self.rows[event.position, event.ordinal] = [event.subject, event.data["amount"]]


class Accounts:
    """Every deposit, by account and number: its rows go everywhere in the view."""

    name = "accounts"
    version = 1

    def __init__(self, state: nacre.State) -> None:
        self.rows = state.table("rows")

    def apply(self, event: nacre.Event) -> None:
        """Keep the amount of a deposit."""
        if event.kind == "deposited":
            self.rows[event.subject, event.data["number"]] = event.data["amount"]


VIEWS = {
    "ledger": (Ledger, "a view row in order of time"),
    "accounts": (Accounts, f"a view row by account, {ACCOUNTS:,} accounts at random"),
}


def row_of(
    view: str, subject: str, fields: Mapping[str, object], place: tuple[int, int]
) -> tuple[tuple[object, ...], object]:
    """Return key and row that a view makes of a deposit; *place* is its position and ordinal."""
    if view == "ledger":
        return place, [subject, fields["amount"]]
    return (subject, fields["number"]), fields["amount"]


class Deposits:
    """The events, and what is done with them."""

    def prepare(self, events: int, accounts: int) -> None:
        self._deposits = data.make_deposits(events, accounts)

    def commit_batches(self, path: str, view: str) -> float:
        """Commit all events, a thousand at a time."""
        with nacre.open(path, actor="bench") as vault:
            vault.register(VIEWS[view][0])
            start = time.perf_counter()
            for first in range(0, len(self._deposits), EACH):
                self._commit(vault, first)
            return time.perf_counter() - start

    def rebuild(self, path: str, view: str) -> float:
        """Derive a view again in a vault that was filled before."""
        with nacre.open(path, actor="bench") as vault:
            vault.register(VIEWS[view][0])
            start = time.perf_counter()
            vault.rebuild([view])
            return time.perf_counter() - start

    def check(self, path: str, view: str) -> bool:
        """Tell whether the view has the rows that it should have."""
        deposits = enumerate(self._deposits)
        expected = [row_of(view, *deposit, divmod(n, EACH)) for n, deposit in deposits]
        with nacre.open(path, actor="bench") as vault:
            return list(vault.view(VIEWS[view][0]).rows.scan()) == sorted(expected)

    def _commit(self, vault: nacre.Vault, first: int) -> None:
        with vault.transaction(message="deposits") as tx:
            for subject, fields in self._deposits[first : first + EACH]:
                tx.record("deposited", subject=subject, data=fields)


def batches(setting: Setting) -> list[Line]:
    """Against raw LMDB with the same puts, and against the `eventsourcing` library."""
    events = setting.size(200_000, 20_000)
    python = peer_python("eventsourcing", EVENTSOURCING, setting.say)
    lines = []
    with (
        Child("bench.views:Deposits") as ours,
        Child("bench.peers.raw_lmdb:RawLmdb") as raw,
        Child("bench.peers.recorder:Recorder", python) as recorder,
    ):
        ours.call("prepare", events=events, accounts=ACCOUNTS)
        recorder.call("prepare", events=events, accounts=ACCOUNTS)
        for view, (_, rows) in VIEWS.items():
            setting.say(rows)
            model = str(setting.place("batches-model"))
            ours.call("commit_batches", path=model, view=view)
            assert ours.call("check", path=model, view=view), "the view has other rows"
            raw.call("prepare", vault=f"{model}/vault.mdb")
            raw.call("prepare_rows", events=events, accounts=ACCOUNTS, view=view)
            samples = take_turns(
                setting.rounds,
                {
                    "nacre": _in_new_place(setting, ours, "nacre", view=view),
                    "lmdb": _with_lmdb(setting, raw),
                    "eventsourcing": _in_new_place(setting, recorder, "recorder", each=EACH),
                },
            )
            work = f"{events:,} events in commits of {EACH:,}, {rows}"
            lines += _lines(work, events, samples)
    return lines


def rebuild(setting: Setting) -> list[Line]:
    """The rebuild of those views, which has no peer."""
    events = setting.size(200_000, 20_000)
    lines = []
    with Child("bench.views:Deposits") as ours:
        ours.call("prepare", events=events, accounts=ACCOUNTS)
        for view, (_, rows) in VIEWS.items():
            path = str(setting.place("rebuild"))
            ours.call("commit_batches", path=path, view=view)
            seconds = take_turns(
                setting.rounds,
                {
                    "nacre": lambda path=path, view=view: ours.seconds(
                        "rebuild", path=path, view=view
                    )
                },
            )
            assert ours.call("check", path=path, view=view), "the view has other rows"
            rate = seconds["nacre"].per_second(events)
            lines.append(
                Line(
                    work=f"rebuild of {events:,} rows: {rows}",
                    against="",
                    ours=rate,
                    unit="events/s",
                    value=rate.median,
                    value_unit="events/s",
                    target=Target(200_000, "events/s"),
                )
            )
    return lines


def _lines(work: str, events: int, samples: Mapping[str, Samples]) -> list[Line]:
    peers = [("lmdb", "raw lmdb, the same puts", 0.25)]
    peers.append(("eventsourcing", "eventsourcing 9.5, SQLite recorder, no view", 4))
    return [
        Line(
            work=work,
            against=against,
            ours=samples["nacre"].per_second(events),
            theirs=samples[name].per_second(events),
            unit="events/s",
            value=speedup(samples["nacre"], samples[name]),
            target=Target(bound, "x"),
        )
        for name, against, bound in peers
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
