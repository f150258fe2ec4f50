"""What people write for a moment, and which position is meant."""

import os
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

import nacre
from nacre import clock, moment, transaction
from nacre.errors import InvalidInput

NOW = datetime(2026, 3, 31, 12, 0, 0, tzinfo=UTC)
TIMES = [
    datetime(2026, 1, 10, 8, 0, 0, tzinfo=UTC),
    datetime(2026, 1, 10, 8, 0, 0, 1, tzinfo=UTC),
    datetime(2026, 2, 28, 12, 0, 0, tzinfo=UTC),
    datetime(2026, 3, 29, 11, 59, 59, tzinfo=UTC),
    datetime(2026, 3, 30, 12, 0, 0, tzinfo=UTC),
    datetime(2026, 3, 30, 12, 0, 0, tzinfo=UTC),
]


def ns(moment: datetime) -> int:
    return round((moment - datetime.fromtimestamp(0, UTC)) / timedelta(microseconds=1)) * 1000


@pytest.fixture
def _berlin(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("TZ", "Europe/Berlin")
    time.tzset()
    yield
    os.environ.pop("TZ")
    time.tzset()


@pytest.fixture
def dated(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, _berlin: None):
    """A vault with a commit at each of TIMES; it is noon UTC of 31 March 2026, in Berlin."""
    with nacre.open(tmp_path / "v") as vault:
        for number, at in enumerate(TIMES):
            monkeypatch.setattr(transaction, "now_ns", lambda at=at: ns(at) + 999)
            vault.record("a.b", subject=f"s{number}")
        monkeypatch.setattr(moment, "now_ns", lambda: ns(NOW))
        yield vault


@pytest.mark.parametrize(
    ("when", "position"),
    [
        ("0", 0),
        (" 4 ", 4),
        ("2026-01-10", 0),
        ("2026-01-10T08:00Z", 1),
        ("2026-01-10T09:00", 1),
        ("2026-01-10 09:00:00.000001", 2),
        ("2026-01-10T08:59:59.999999", 0),
        ("2026-01-10 03:00 America/New_York", 1),
        ("2026-01-10 08:00 UTC", 1),
        ("2026-01-10T10:00+02:00", 1),
        ("2026-02-01", 2),
        ("yesterday", 4),
        ("yesterday 14:00", 6),
        ("yesterday 13:59:59", 4),
        ("today", 6),
        ("Now", 6),
        ("2 days ago", 4),
        ("1 day ago", 6),
        ("a day ago", 6),
        ("24 hours ago", 6),
        ("1 week ago", 3),
        ("1 month ago", 3),
        ("3 months ago", 0),
        ("an hour ago", 6),
        ("20 years ago", 0),
        ("1000 minutes ago", 6),
        (datetime(2026, 1, 10, 8, tzinfo=UTC), 1),
        (datetime(1800, 1, 1, tzinfo=UTC), 0),
        (NOW, 6),
    ],
)
def test_a_moment_means_the_commits_up_to_it(
    dated: nacre.Vault, when: str | datetime, position: int
) -> None:
    assert dated.at(when).head == position


@pytest.mark.parametrize(
    ("when", "reason"),
    [
        ("7", "no position 7: they go from 0 to the head, 6"),
        ("20260110", "no position 20260110"),
        ("-1", "not understood: give a position such as 17, the name of a snapshot, an ISO 8601"),
        ("", "not understood"),
        ("tomorrow", "not understood"),
        ("in 2 days", "not understood"),
        ("two days ago", "not understood"),
        ("2 fortnights ago", "not understood"),
        ("10/01/2026", "not understood"),
        ("2026-02-30", "not understood"),
        ("yesterday 25:00", "not understood"),
        ("2026-04-01", "in the future"),
        ("today 23:00", "in the future"),
        ("2026-03-31T12:00:00.000001Z", "in the future"),
        (NOW + timedelta(days=1), "in the future"),
        (datetime(2026, 1, 10), "no time zone"),
        ("2025-10-26 02:30", r"twice or never .* \+0200 or \+0100"),
        ("2026-03-29 02:30", "twice or never"),
        ("2025-11-02 01:30 America/New_York", "twice or never"),
        ("2026-01-10 09:00 Mars/Base", "no zone: use a name such as Europe/Berlin"),
        ("2026-01-10 09:00 ../etc/passwd", "not understood"),
        ("2026-01-10T09:00Z Europe/Berlin", "an offset and a zone"),
        ("999999 years ago", "before the year 1"),
        ("0001-01-01", "out of range|twice or never"),
        ("1" * 30, "not understood"),
        (b"2", "is a bytes"),
    ],
)
def test_what_is_not_clear_is_refused(dated: nacre.Vault, when: object, reason: str) -> None:
    with pytest.raises(InvalidInput, match=reason):
        dated.at(when)


def test_an_empty_vault_has_one_position(tmp_path: Path) -> None:
    with nacre.open(tmp_path / "v") as vault:
        assert [vault.at(when).head for when in (0, "now", "yesterday", "1950-01-01")] == [0] * 4


def test_a_log_ahead_of_the_clock_can_be_read_up_to_its_end(
    dated: nacre.Vault, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(moment, "now_ns", lambda: ns(TIMES[2]))

    assert dated.at(TIMES[-1]).head == 6
    assert dated.at("now").head == 3


def test_the_clock_is_read_in_one_place() -> None:
    assert moment.now_ns is clock.now_ns
