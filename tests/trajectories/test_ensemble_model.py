"""Random lives of a database against lists, through several handles on one file."""

import json

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from nacre_adapters.trajectories import SQLFile

NUMBERS = st.integers(0, 4)
NAMES = st.sampled_from(["a.xml", "é/b.xml", ""])
METADATA = st.sampled_from(["{}", '{"id": 1, "ended": true}', '{"nstep_compute": 3}'])
LISTS = st.lists(NUMBERS, max_size=3)


class DatabaseMachine(RuleBasedStateMachine):
    """Trajectories, archive and iterations are lists; statuses change as documented."""

    def __init__(self) -> None:
        super().__init__()
        self.first = SQLFile("", in_memory=True)
        self.handles = [self.first]
        self.trajectories: list[list[str]] = []
        self.archive: list[tuple[str, str]] = []
        self.iterations: list[list[object]] = []

    @property
    def database(self) -> SQLFile:
        self.handles.append(self.handles.pop(0))  # in turn
        return self.handles[-1]

    @rule()
    def open_another(self) -> None:
        self.handles = [*self.handles[-2:], SQLFile(self.first.vault.path)]

    @rule()
    def rebuild(self) -> None:
        self.first.vault.rebuild(["trajectories"])

    @rule(file=NAMES, metadata=METADATA)
    def add(self, file: str, metadata: str) -> None:
        self.database.add_trajectory(file, metadata)
        self.trajectories.append([file, metadata, "idle"])

    @rule(number=NUMBERS, file=NAMES, metadata=METADATA)
    def update(self, number: int, file: str, metadata: str) -> None:
        if number < len(self.trajectories):
            self.database.update_trajectory(number, file, metadata)
            self.trajectories[number][:2] = [file, metadata]

    @rule(number=NUMBERS, weight=st.sampled_from([0.5, 0.25]))
    def weigh(self, number: int, weight: float) -> None:
        if number < len(self.trajectories):
            self.database.update_trajectory_weight(number, weight)
            self._weigh(number, weight)

    @rule(weight=st.sampled_from([0.5, 0.125]))
    def weigh_all(self, weight: float) -> None:
        self.database.update_trajectory_weights(weight)
        for number in range(len(self.trajectories)):
            self._weigh(number, weight)

    @rule(number=NUMBERS, completed=st.booleans())
    def lock(self, number: int, completed: bool) -> None:
        if number < len(self.trajectories):
            lockable = {"idle", "completed"} if completed else {"idle"}
            expected = self.trajectories[number][2] in lockable
            assert self.database.lock_trajectory(number, completed) is expected
            if expected:
                self.trajectories[number][2] = "locked"

    @rule(number=NUMBERS, completed=st.booleans())
    def unlock(self, number: int, completed: bool) -> None:
        if number < len(self.trajectories):
            if completed:
                self.database.mark_trajectory_as_completed(number)
            else:
                self.database.release_trajectory(number)
            if self.trajectories[number][2] == "locked":
                self.trajectories[number][2] = "completed" if completed else "idle"

    @rule()
    def release_all(self) -> None:
        self.database.release_all_trajectories()
        for row in self.trajectories:
            row[2] = "idle"

    @rule(file=NAMES, metadata=METADATA)
    def discard(self, file: str, metadata: str) -> None:
        self.database.archive_trajectory(file, metadata)
        self.archive.append((file, metadata))

    @rule()
    def clear_archive(self) -> None:
        assert self.database.clear_archived_trajectories() == len(self.archive)
        self.archive.clear()

    @rule(k=NUMBERS, lists=LISTS, update=st.booleans())
    def put_iteration(self, k: int, lists: list[int], update: bool) -> None:
        fields = [k, len(lists), 0.5**k, lists, lists, [float(n) for n in lists], [0.5, float(k)]]
        if not update:
            self.database.add_splitting_data(*fields)  # type: ignore[arg-type]
            self.iterations.append([*fields, "locked"])
            return
        self.database.update_splitting_data(*fields)  # type: ignore[arg-type]
        if self.iterations:
            self.iterations[-1][:7] = fields

    @rule()
    def complete_iteration(self) -> None:
        self.database.mark_last_iteration_as_completed()
        if self.iterations:
            self.iterations[-1][7] = "completed"

    @rule()
    def clear_iterations(self) -> None:
        assert self.database.clear_splitting_data() == len(self.iterations)
        self.iterations.clear()

    @invariant()
    def the_database_is_the_lists(self) -> None:
        database = self.database
        rows = [[r.traj_file, r.t_metadata, r.status] for r in database.trajectories()]
        assert rows == self.trajectories
        count = database.get_archived_trajectory_count()
        assert [database.fetch_archived_trajectory(n) for n in range(count)] == self.archive
        found = [list(database.fetch_splitting_data(n)) for n in range(len(self.iterations))]
        assert found == self.iterations
        assert database.get_weights().tolist() == [row[2] for row in self.iterations]
        assert database.get_biases().tolist() == [row[1] for row in self.iterations]
        last = self.iterations[-1] if self.iterations else None
        assert database.get_k_split() == (0 if last is None else last[0] + last[1])  # type: ignore[operator]
        ongoing = last is not None and last[7] == "locked"
        assert database.get_ongoing() == (last[3] if ongoing and last is not None else None)
        tally = database.ensemble.tally()
        assert tally.ended == sum("ended" in row[1] for row in self.trajectories)
        assert tally.steps == 3 * sum("nstep" in row[1] for row in self.trajectories)

    def teardown(self) -> None:
        assert self.first.vault.verify().is_clean
        for number, row in enumerate(self.trajectories):
            state = self.first.history(number)[-1].state
            assert [state.file, state.metadata, state.status] == row

    def _weigh(self, number: int, weight: float) -> None:
        fields = json.loads(self.trajectories[number][1])
        self.trajectories[number][1] = json.dumps({**fields, "weight": str(weight)})


TestDatabase = DatabaseMachine.TestCase
TestDatabase.settings = settings(
    max_examples=40,
    stateful_step_count=30,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
