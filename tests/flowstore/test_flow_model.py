"""Random histories of a flow and of assets, against dicts."""

import shutil
import tempfile
from pathlib import Path

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

import nacre
from nacre_adapters.flowstore import (
    Asset,
    AssetType,
    StoreInterface,
    declare_flow,
    open_place,
    reuse,
)
from nacre_adapters.flowstore.attempts import Attempt, begin, cancel, fail, finish
from nacre_adapters.flowstore.context import ATTEMPT

STEPS = ["One", "Two", "Three"]
NAMES = st.sampled_from(["x", "y"])
LABELS = st.sampled_from(["a", "b"])
VALUES = st.integers(0, 9)


class Model:
    """What others see of a step, and what its attempt has saved."""

    def __init__(self) -> None:
        self.run: dict[str, int] = {}
        self.action: dict[str, int] | None = None
        self.open: dict[str, int] | None = None
        self.phase = "run"
        self.is_stale = False
        self.has_run = False

    def seen(self) -> dict[str, int]:
        return {**self.run, **(self.action or {})}

    def finish(self) -> None:
        saved = self.open or {}
        if self.phase == "run":
            self.run, self.action, self.is_stale, self.has_run = saved, None, False, True
        else:
            self.action = saved
        self.open = None


class FlowMachine(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp(prefix="nacre-flows-"))
        self.steps = {step: Model() for step in STEPS}
        self.running: Attempt | None = None
        self.assets: list[list[tuple[str, int]]] = []
        self.ids: list[str] = []
        self.open()
        declare_flow(self.place, "1", owner="ana", steps=[(step, step) for step in STEPS])

    def open(self) -> None:
        self.vault = nacre.open(self.folder / "v", durability="relaxed")
        self.place = open_place(self.vault)

    def store(self, step: str) -> StoreInterface:
        return StoreInterface("1", "ana", step, store=self.vault)

    @precondition(lambda self: self.running is None)
    @rule(step=st.sampled_from(STEPS), phase=st.sampled_from(["run", "action"]))
    def start(self, step: str, phase: str) -> None:
        self.running = begin(self.place, "1", step, user="ana", phase=phase)
        self.steps[step].open, self.steps[step].phase = {}, phase

    @precondition(lambda self: self.running is not None)
    @rule(name=NAMES, value=VALUES)
    def save_in_attempt(self, name: str, value: int) -> None:
        token = ATTEMPT.set(self.running)
        try:
            self.store(self.running.step).save_output(value, name)
            assert self.store(self.running.step).get_input(name, self.running.step) == value
        finally:
            ATTEMPT.reset(token)
        self.steps[self.running.step].open[name] = value

    @rule(step=st.sampled_from(STEPS), name=NAMES, value=VALUES)
    def save_outside(self, step: str, name: str, value: int) -> None:
        self.store(step).save_output(value, name)
        model = self.steps[step]
        if model.open is not None:
            model.open[name] = value
        elif model.action is not None:
            model.action[name] = value
        else:
            model.run[name] = value

    @precondition(lambda self: self.running is not None)
    @rule(how=st.sampled_from(["finish", "finish", "fail", "cancel"]))
    def end(self, how: str) -> None:
        step = self.running.step
        model = self.steps[step]
        if how != "finish":
            fail(self.place, self.running, "no") if how == "fail" else cancel(
                self.place, self.running
            )
            model.open = None
        else:
            finish(self.place, self.running)
            if model.phase == "run" and model.has_run:
                for later in STEPS[STEPS.index(step) + 1 :]:
                    self.steps[later].is_stale |= self.has_begun(later)
            model.finish()
        self.running = None

    def has_begun(self, step: str) -> bool:
        state = self.place.flows.step("1", step)
        return state is not None and state.last > 0

    @rule(label=LABELS, value=VALUES, overwrite=st.booleans())
    def save_asset(self, label: str, value: int, overwrite: bool) -> None:
        id_ = self.store("Two").save_asset(Asset(value, label, AssetType.OTHER), overwrite)
        newest = [n for n, revisions in enumerate(self.assets) if revisions[-1][0] == label]
        if overwrite and newest:
            self.assets[newest[-1]].append((label, value))
            assert self.ids[newest[-1]] == id_
        else:
            self.assets.append([(label, value)])
            self.ids.append(id_)

    @precondition(lambda self: self.running is None)
    @rule()
    def reopen(self) -> None:
        self.vault.close()
        self.open()

    @rule(step=st.sampled_from(STEPS))
    def reuse_of_unknown_code_does_nothing(self, step: str) -> None:
        assert reuse(self.place, "1", step, user="ana", code="unknown") is None

    @invariant()
    def steps_see_what_the_model_says(self) -> None:
        for number, step in enumerate(STEPS):
            upstream = [self.steps[each].seen() for each in STEPS[:number][::-1]]
            for name in ("x", "y"):
                expected = next((seen[name] for seen in upstream if name in seen), None)
                store = self.store(step)
                assert store.has_input(name) == (expected is not None)
                if expected is not None:
                    assert store.get_input(name) == expected
        steps = {step["name"]: step["is_stale"] for step in self.status()}
        assert all(steps[name] == model.is_stale for name, model in self.steps.items())

    @invariant()
    def assets_are_what_the_model_says(self) -> None:
        store = self.store("Three")
        found = [(asset.id, asset.label, asset.object) for asset in store.get_assets()]
        expected = [(i, *r[-1]) for i, r in zip(self.ids, self.assets, strict=True)]
        assert found == expected[::-1]
        for id_, revisions in zip(self.ids, self.assets, strict=True):
            assert [a.object for a in store.assets.revisions(id_)] == [v for _, v in revisions]

    def status(self) -> list[dict[str, object]]:
        found = self.store("One").get_flow_status()["steps"]
        assert isinstance(found, list)
        return found

    def teardown(self) -> None:
        try:
            assert self.vault.replay().is_equal
            assert self.vault.verify().is_clean
        finally:
            self.vault.close()
            shutil.rmtree(self.folder)


FlowMachine.TestCase.settings = settings(
    max_examples=12,
    stateful_step_count=25,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
TestFlow = FlowMachine.TestCase
