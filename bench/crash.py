"""`python -m bench.crash`: kill a vault's writer at random moments; nothing may be lost.

Each round starts a process that commits from several threads, kills it, opens the vault again
and checks that all that was acknowledged is there (I5), that no commit is there in part (I6),
that positions have no gaps (I3), and that `verify` finds nothing.
"""

import argparse
import multiprocessing
import random
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path

from rich.console import Console
from rich.progress import Progress

import nacre
from bench.load import Acknowledged, Tokens, blob_of, commit_until_killed, frame_of

_LONGEST_SECONDS = 0.5
# A vault is killed this often, then a new one is begun: its creation is to be hit as well.
_ROUNDS_A_VAULT = 5
_PATIENCE_SECONDS = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class CrashReport:
    """What a campaign did, and what it found."""

    rounds: int
    acknowledged: int
    commits: int
    problems: tuple[str, ...]


class Campaign:
    """A vault that is killed again and again, and all that it has acknowledged."""

    def __init__(self, path: Path, *, single_file: bool) -> None:
        self.acknowledged: list[Acknowledged] = []
        self.commits = 0
        self._path = path
        self._single_file = single_file

    def run_round(self, seed: int, seconds: float) -> Iterator[str]:
        """Kill a writer after *seconds*, then yield what is wrong with the vault."""
        acknowledged = _kill_a_writer(self._path, self._single_file, seed, seconds)
        yield from (str(told["error"]) for told in acknowledged if "error" in told)
        fresh = [told for told in acknowledged if "token" in told or "frame" in told]
        self.acknowledged += fresh
        with nacre.open(self._path, actor="check", single_file=self._single_file) as vault:
            vault.register(Tokens)
            yield from self._check(vault, fresh)

    def check_everything(self) -> Iterator[str]:
        """Yield what is wrong with anything that was acknowledged in all rounds."""
        with nacre.open(self._path, actor="check") as vault:
            vault.register(Tokens)
            yield from self._check(vault, self.acknowledged)

    def _check(self, vault: nacre.Vault, acknowledged: list[Acknowledged]) -> Iterator[str]:
        self.commits = vault.head
        yield from _check_log(vault)
        for told in acknowledged:
            yield from _check_frame(vault, told) if "frame" in told else _check_commit(vault, told)
        yield from map(str, vault.verify().problems)


def run_rounds(
    rounds: int,
    directory: Path,
    *,
    seed: int = 0,
    done: Callable[[int, int], None] = lambda rounds, acknowledged: None,
) -> CrashReport:
    """Run a campaign below *directory*; *done* is told of every round.

    Vaults are directories and single files by turns.
    """
    choose = random.Random(seed)
    problems: list[str] = []
    acknowledged = commits = 0
    for first in range(0, rounds, _ROUNDS_A_VAULT):
        single_file = first // _ROUNDS_A_VAULT % 2 == 1
        path = directory / f"campaign-{first}{'.nacre' if single_file else '.vault'}"
        campaign = Campaign(path, single_file=single_file)
        for number in range(first, min(first + _ROUNDS_A_VAULT, rounds)):
            seconds = choose.uniform(0, _LONGEST_SECONDS)
            found = list(campaign.run_round(choose.randrange(1 << 30), seconds))
            problems += [f"round {number}, {path.name}: {problem}" for problem in found]
            done(number + 1, acknowledged + len(campaign.acknowledged))
        problems += [f"{path.name}, at its end: {p}" for p in campaign.check_everything()]
        acknowledged += len(campaign.acknowledged)
        commits += campaign.commits
    return CrashReport(
        rounds=rounds, acknowledged=acknowledged, commits=commits, problems=tuple(problems)
    )


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.crash", description=__doc__)
    parser.add_argument("--rounds", type=int, default=200)
    parser.add_argument("--seed", type=int, default=int(time.time()), help="of the moments")
    parser.add_argument("--directory", type=Path, help="where the vaults are made")
    options = parser.parse_args()
    console = Console()
    with (
        tempfile.TemporaryDirectory(prefix="nacre-crash-", dir=options.directory) as directory,
        Progress(console=console) as progress,
    ):
        task = progress.add_task(f"seed {options.seed}", total=options.rounds)
        report = run_rounds(
            options.rounds,
            Path(directory),
            seed=options.seed,
            done=lambda number, acknowledged: progress.update(
                task, completed=number, description=f"{acknowledged:,} acknowledged"
            ),
        )
    for problem in report.problems:
        console.print(problem, style="red", markup=False)
    console.print(
        f"{report.rounds} kills, {report.acknowledged:,} acknowledged receipts, "
        f"{report.commits:,} commits in the logs, {len(report.problems)} problems "
        f"(seed {options.seed})"
    )
    return 1 if report.problems else 0


def _kill_a_writer(path: Path, single_file: bool, seed: int, seconds: float) -> list[Acknowledged]:
    """Let a process commit for *seconds*, kill it, and return what it has acknowledged."""
    # Its server has the modules loaded and no threads: a clean process every time, at once.
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["bench.load"])
    receiver, sender = context.Pipe(duplex=False)
    writer = context.Process(
        target=commit_until_killed, args=(str(path), single_file, seed, sender), daemon=True
    )
    writer.start()
    sender.close()
    # The clock starts before the vault is opened, so that opening is hit too.
    if not receiver.poll(_PATIENCE_SECONDS):
        raise RuntimeError(f"the writer did not start within {_PATIENCE_SECONDS} seconds")
    acknowledged = list(_received(receiver, time.monotonic() + seconds))
    writer.kill()
    # What stands in the pipe was acknowledged before the kill.
    acknowledged += _received(receiver, time.monotonic() + _PATIENCE_SECONDS)
    writer.join()
    writer.close()
    receiver.close()
    return acknowledged


def _received(receiver: Connection, until: float) -> Iterator[Acknowledged]:
    while receiver.poll(max(0, until - time.monotonic())):
        try:
            yield receiver.recv()
        except (EOFError, OSError):  # the end, or the kill cut a message short
            return


def _check_log(vault: nacre.Vault) -> Iterator[str]:
    """Yield gaps between positions, and commits of which a part is missing."""
    seen: Counter[int] = Counter()
    expected: dict[int, object] = {}
    for event in vault.events():
        seen[event.position] += 1
        if "of" in event.data:
            expected[event.position] = event.data["of"]
    if sorted(seen) != list(range(vault.head)):
        yield f"the positions of {len(seen)} commits are not 0 to {vault.head - 1}"
    for position, events in expected.items():
        if seen[position] != events:
            yield f"commit {position} has {seen[position]} of {events} events"


def _check_commit(vault: nacre.Vault, told: Acknowledged) -> Iterator[str]:
    token, position = told["token"], told["position"]
    assert isinstance(token, str)
    assert isinstance(position, int)
    events = list(vault.events(start=position, stop=position + 1))
    if [event.data.get("token") for event in events] != [token] * int(str(told["events"])):
        yield f"commit {position} was acknowledged for {token}, and is not that"
        return
    if vault.view(Tokens).positions.get((token, 0)) != position:
        yield f"the view does not know that {token} is commit {position}"
    if "blob_bytes" in told:
        digest = events[0].data["blob"]
        if vault.get(digest) != blob_of(token, int(str(told["blob_bytes"]))):
            yield f"the blob {digest} of commit {position} is another one"


def _check_frame(vault: nacre.Vault, told: Acknowledged) -> Iterator[str]:
    name, version = told["frame"], told["version"]
    try:
        read = vault.frames.read(name, version)
    except nacre.errors.NacreError as error:
        yield f"frame {name} version {version} was acknowledged, but: {error}"
        return
    if not read.equals(frame_of(told["recipe"])):
        yield f"frame {name} version {version} is another one"


if __name__ == "__main__":
    sys.exit(main())
