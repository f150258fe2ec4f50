"""Looking names up finds what a naive filter finds."""

from hypothesis import given, settings
from hypothesis import strategies as st

from nacre.event import Header
from nacre.views import MemoryPairs, State
from nacre.views.history import History
from nacre.views.view import Names

SUBJECTS = st.sampled_from([f"s{n}" for n in range(12)])
KINDS = st.sampled_from(["a", "b", "s1"])
COMMITS = st.lists(st.lists(st.tuples(KINDS, SUBJECTS), min_size=1, max_size=14), max_size=20)


def header(position: int, write_id: str | bytes = b"made") -> Header:
    return Header(
        vault_id=bytes(16), position=position, time_ns=0, actor="a", message="", write_id=write_id
    )


def apply(history: History, position: int, names: list[tuple[str, str]]) -> None:
    kinds, subjects = zip(*names, strict=True)
    history.end_commit(header(position), Names(set(subjects), set(kinds)))


@settings(max_examples=60, deadline=None)
@given(
    commits=COMMITS,
    times=st.integers(1, 40),
    subject=st.none() | SUBJECTS,
    kind=st.none() | KINDS,
    start=st.integers(0, 400),
    length=st.none() | st.integers(0, 400),
)
def test_positions_are_those_of_a_naive_filter(
    commits: list, times: int, subject: str | None, kind: str | None, start: int, length: int | None
) -> None:
    if subject is None and kind is None:
        kind = "a"
    log = commits * times
    stop = None if length is None else start + length
    pairs = MemoryPairs()
    for position, names in enumerate(log):
        apply(History(State(pairs)), position, names)

    found = History(State(pairs)).positions(subject=subject, kind=kind, start=start, stop=stop)

    assert found == [
        position
        for position, names in enumerate(log)
        if start <= position
        and (stop is None or position < stop)
        and (subject is None or subject in {s for _, s in names})
        and (kind is None or kind in {k for k, _ in names})
    ]


def test_a_long_log_is_searched_to_its_ends() -> None:
    history = History(State(MemoryPairs()))
    commits = 70_000
    for position in range(commits):
        apply(history, position, [("a", f"s{position % 1000}")])

    found = history.positions(subject="s999", kind=None, start=0, stop=None)
    last = history.positions(subject="s999", kind="a", start=commits - 500, stop=None)

    assert found == list(range(999, commits, 1000))
    assert last == [69_999]


def test_equal_logs_give_equal_rows() -> None:
    names = [("a", f"s{n}") for n in range(9)] + [("b", "s1")]
    rows = []
    for order in (names, names[::-1]):
        pairs = MemoryPairs()
        apply(History(State(pairs)), 0, [("a", "s0"), ("b", "s1")])
        apply(History(State(pairs)), 1, order)
        rows.append(list(pairs.scan(b"", None)))

    assert rows[0] == rows[1]


def test_only_write_ids_that_a_caller_gave_are_kept() -> None:
    history = History(State(MemoryPairs()))

    for position, write_id in enumerate(["w1", b"made by nacre 16"]):
        history.end_commit(header(position, write_id), Names({"s"}, {"a"}))

    assert history.position_of("w1") == 0
    assert history.position_of("made by nacre 16") is None
