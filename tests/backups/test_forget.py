"""Old backups go by rules, and nothing that a backup needs goes with them."""

from datetime import timedelta
from functools import partial
from pathlib import Path

import pytest
from backup_targets import DAY_NS, KEY, back_up, bring_back, content_of, sealed

import nacre
from nacre.backups import DirectoryTarget, MemoryTarget, SealedTarget
from nacre.backups.listing import read_listing
from nacre.errors import CorruptionError, InvalidInput, NotFound
from nacre.operations.forget import ForgetReport, forget, plan_forget, report_of, unforget
from nacre.operations.retention import Rules, kept, parse_span

START_NS = 1_767_225_600 * 10**9  # 2026-01-01, a Thursday
HOUR_NS = DAY_NS // 24
LAST = Rules(last=1)
WEEK = timedelta(days=7)


@pytest.fixture
def vault(tmp_path: Path):
    with nacre.open(tmp_path / "v", durability="relaxed") as vault:
        yield vault


def change(vault: nacre.Vault, number: int) -> None:
    blob = vault.put(f"{number} ".encode() * 3000)
    vault.record("a.b", subject=f"s{number}", data={"blob": blob})


def daily(vault: nacre.Vault, target: SealedTarget, days: int, tags=lambda day: ()) -> list[str]:
    names = []
    for day in range(days):
        change(vault, day)
        time_ns = START_NS + day * DAY_NS
        names.append(back_up(vault, target, time_ns=time_ns, tags=tags(day)).name)
    return names


def run(target: SealedTarget, rules: Rules, *, day: float, window: timedelta = WEEK):
    time_ns = START_NS + round(day * DAY_NS)
    sweep = plan_forget(target, rules, time_ns=time_ns)
    return forget(target, sweep, window=window, time_ns=time_ns)


def live(target: SealedTarget) -> list[str]:
    return [each.short for each in read_listing(target).live()]


# Rules


def days_kept(target: SealedTarget, rules: Rules) -> list[int]:
    listed = read_listing(target).backups
    because = kept(listed, rules)
    return [(e.backup.time_ns - START_NS) // DAY_NS for e in listed if e.name in because]


@pytest.fixture(scope="module")
def forty_days(tmp_path_factory) -> SealedTarget:
    target = sealed()
    with nacre.open(tmp_path_factory.mktemp("forty") / "v", durability="relaxed") as vault:
        daily(vault, target, 40, tags=lambda day: ["release"] if day in (3, 17) else [])
    return target


@pytest.mark.parametrize(
    ("rules", "days"),
    [
        (Rules(last=3), [37, 38, 39]),
        (Rules(daily=2), [38, 39]),
        (Rules(weekly=3), [31, 38, 39]),
        (Rules(monthly=2), [30, 39]),
        (Rules(yearly=5), [39]),
        (Rules(within=timedelta(days=2)), [37, 38, 39]),
        (Rules(tags=("release",)), [3, 17]),
        (Rules(last=1, monthly=2, tags=("release", "other")), [3, 17, 30, 39]),
    ],
    ids=["last", "daily", "weekly", "monthly", "yearly", "within", "tags", "all of them"],
)
def test_a_rule_keeps_the_newest_of_each(forty_days, rules: Rules, days: list[int]) -> None:
    assert days_kept(forty_days, rules) == days


def test_rules_apply_to_each_vault_for_itself(tmp_path: Path) -> None:
    target = sealed()
    for name in "ab":
        with nacre.open(tmp_path / name) as vault:
            daily(vault, target, 3)

    assert days_kept(target, Rules(last=1)) == [2, 2]


@pytest.mark.parametrize("odd", [{}, {"last": -1}])
def test_odd_rules_are_refused(odd) -> None:
    with pytest.raises(InvalidInput):
        Rules(**odd)


@pytest.mark.parametrize(
    ("text", "span"),
    [("36h", timedelta(hours=36)), ("7d", WEEK), ("2w", 2 * WEEK), ("1y", timedelta(days=365))],
)
def test_spans_are_read(text: str, span: timedelta) -> None:
    assert parse_span(text) == span


@pytest.mark.parametrize("text", ["", "7", "d", "-1d", "1.5d", "7 days"])
def test_odd_spans_are_refused(text: str) -> None:
    with pytest.raises(InvalidInput, match="no span of time"):
        parse_span(text)


# Forgetting


def test_the_last_backup_of_a_vault_is_never_forgotten(vault) -> None:
    target = sealed()
    daily(vault, target, 3)

    with pytest.raises(InvalidInput, match="keep none of the 3 backups"):
        plan_forget(target, Rules(tags=("unknown",)))

    assert len(live(target)) == 3


def test_a_dry_run_changes_nothing(vault) -> None:
    target = sealed()
    daily(vault, target, 5)
    before = dict(target.target.files)

    report = report_of(plan_forget(target, LAST, time_ns=START_NS + 5 * DAY_NS))

    assert (len(report.kept), len(report.forgotten), report.deleted) == (1, 4, ())
    assert target.target.files == before


def test_what_is_forgotten_can_be_taken_back(vault, tmp_path: Path) -> None:
    target = sealed()
    names = daily(vault, target, 3)
    run(target, LAST, day=3)
    assert live(target) == names[2:]

    unforget(target, [names[0]])
    run(target, Rules(last=2), day=20)

    assert live(target) == [names[0], names[2]]
    assert bring_back(target, tmp_path / "r", backup=names[0]).head == 1
    with pytest.raises(InvalidInput, match="was not forgotten"):
        unforget(target, [names[2]])
    with pytest.raises(NotFound):
        unforget(target, [names[1]])


def test_packs_go_when_the_window_is_over(vault, tmp_path: Path) -> None:
    target = sealed()
    names = daily(vault, target, 4)
    content = content_of(vault)
    size = sum(target.list("packs").values())

    first = run(target, LAST, day=4)
    within = run(target, LAST, day=10)
    after = run(target, LAST, day=12)

    assert (len(first.forgotten), first.deleted_packs) == (3, 0)
    assert (within.deleted, within.deleted_packs) == ((), 0)
    assert (len(after.deleted), after.deleted_packs) == (3, first.condemned_packs)
    assert sum(target.list("packs").values()) == size - after.deleted_bytes
    assert target.list("forgotten") == target.list("condemned") == {}
    bring_back(target, tmp_path / "r", backup=names[3])
    with nacre.open(tmp_path / "r") as restored:
        assert content_of(restored) == content


@pytest.mark.parametrize("window", [timedelta(0), timedelta(minutes=59)])
def test_a_window_too_short_for_running_backups_is_refused(vault, window) -> None:
    target = sealed()
    daily(vault, target, 2)

    with pytest.raises(InvalidInput, match="an hour at least"):
        run(target, LAST, day=2, window=window)


def test_nothing_is_forgotten_when_a_backup_cannot_be_read(vault) -> None:
    target = sealed()
    daily(vault, target, 3)
    name = next(iter(target.list("backups")))
    target.target.files[name] = b"nonsense"

    with pytest.raises(CorruptionError, match="nothing is forgotten"):
        plan_forget(target, LAST)


# Others at work


class Interrupted(MemoryTarget):
    """Does something else before the operation with a number."""

    def __init__(self, files: dict[str, bytes]) -> None:
        super().__init__()
        self.files = files
        self.operations = 0
        self.number = -1
        self.interrupt = lambda: None

    def _count(self) -> None:
        self.operations += 1
        if self.operations == self.number:
            self.interrupt()

    def put(self, name, parts):
        self._count()
        return super().put(name, parts)

    def get(self, name):
        self._count()
        return super().get(name)

    def list(self, folder):
        self._count()
        return super().list(folder)

    def delete(self, name):
        self._count()
        super().delete(name)


def with_old_backups(vault) -> tuple[dict[str, bytes], dict[str, object]]:
    """Return a target that has packs which only forgotten backups need, all due at day 12."""
    target = sealed()
    blobs = [f"{number} ".encode() * 3000 for number in range(3)]
    with nacre.open(vault.path.with_name("other")) as other:
        for number in range(3):
            other.record("a.b", subject="s", data={"blob": other.put(blobs[number])})
            back_up(other, target, time_ns=START_NS + number * HOUR_NS)
    # What the vault is about to back up lies in packs of the other one, which lets them go.
    for number in range(3):
        change(vault, number)
    return target.target.files, content_of(vault)


@pytest.mark.parametrize("day", [1.0, 8.1], ids=["condemning", "deleting"])
def test_forgetting_at_any_moment_of_a_backup_loses_nothing(vault, tmp_path, day) -> None:
    files, content = with_old_backups(vault)
    prepared = sealed(_over(files))
    if day > 8:
        run(prepared, LAST, day=0.9)
    files = prepared.target.files

    for number in range(1, 60):
        place = Interrupted(dict(files))
        target = sealed(place)
        place.operations, place.number = 0, number
        calm = sealed(_over(place.files))
        place.interrupt = lambda calm=calm: run(calm, LAST, day=day)
        back_up(vault, target, time_ns=START_NS + round((day - 0.02) * DAY_NS))
        done = place.operations < number
        for later in (day + 0.1, day + 8, day + 16):
            run(calm, LAST, day=later)
        check(calm, vault, content, tmp_path / f"r{number}")
        if done:
            break

    assert number > 12


@pytest.mark.parametrize("day", [1.0, 8.1], ids=["condemning", "deleting"])
def test_a_backup_at_any_moment_of_forgetting_loses_nothing(vault, tmp_path, day) -> None:
    files, content = with_old_backups(vault)
    prepared = sealed(_over(files))
    if day > 8:
        run(prepared, LAST, day=0.9)
    files = prepared.target.files

    for number in range(1, 60):
        place = Interrupted(dict(files))
        target = sealed(place)
        place.operations, place.number = 0, number
        calm = sealed(_over(place.files))
        place.interrupt = partial(back_up, vault, calm, time_ns=START_NS + round(day * DAY_NS))
        run(target, LAST, day=day)
        if place.operations < number:
            break
        for later in (day + 0.1, day + 8, day + 16):
            run(calm, LAST, day=later)
        check(calm, vault, content, tmp_path / f"r{number}")

    assert number > 12


def _over(files: dict[str, bytes]) -> MemoryTarget:
    target = MemoryTarget()
    target.files = files
    return target


def check(target: SealedTarget, vault: nacre.Vault, content, place: Path) -> None:
    bring_back(target, place, vault=vault.vault_id.hex())
    with nacre.open(place) as restored:
        assert content_of(restored) == content


def test_a_forgetting_that_dies_is_finished_by_the_next(vault, tmp_path) -> None:
    class DiedError(Exception):
        pass

    target = sealed(DirectoryTarget(tmp_path / "t"), KEY)
    daily(vault, target, 4)
    content = content_of(vault)
    run(target, LAST, day=4)
    files = {
        name: bytes(target.target.get(name))
        for folder in ("config", "packs", "indexes", "backups", "forgotten", "condemned")
        for name in target.list(folder)
    }

    def die() -> None:
        raise DiedError

    sizes = set()
    for number in range(1, 100):
        place = Interrupted(dict(files))
        dying = sealed(place, KEY)
        place.operations, place.number, place.interrupt = 0, number, die
        try:
            run(dying, LAST, day=12)
        except DiedError:
            calm = sealed(_over(place.files), KEY)
            run(calm, LAST, day=12)
            sizes.add((len(place.files), len(calm.list("packs"))))
            if number % 5 == 0:
                check(calm, vault, content, tmp_path / f"r{number}")
            continue
        break

    assert number > 20
    assert len(sizes) == 1
    assert isinstance(report_of(plan_forget(calm, LAST)), ForgetReport)
