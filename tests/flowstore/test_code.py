"""The digest of a step's code changes with whatever changes what the step does, as far as seen."""

import subprocess
import sys
from types import ModuleType

import pytest

from nacre_adapters.flowstore import code_of
from nacre_adapters.flowstore.pages import Step

SOURCE = """
RATE = 0.5
NAMES = ["a", {"b": (1, None)}]
OTHER = object()

def work(x, times=2):
    def inner(y):
        return helper(y) * RATE
    return [inner(x)] * times, NAMES, OTHER, {"q", "r"}

def helper(y):
    return y + 1 if y else work(0)

def around(limit):
    return lambda x: x < limit
"""


def module(source: str) -> ModuleType:
    made = ModuleType("steps")
    exec(compile(source, "steps", "exec"), made.__dict__)
    return made


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("times=2", "times=3"),
        ("[inner(x)]", "[inner(x), 1]"),
        ("y + 1", "y + 2"),
        ("RATE = 0.5", "RATE = 0.6"),
        ("(1, None)", "(1, 2)"),
        ("* RATE", "/ RATE"),
    ],
)
def test_a_change_that_matters_is_seen(old: str, new: str) -> None:
    changed = SOURCE.replace(old, new)

    assert changed != SOURCE
    assert code_of(module(changed).work) != code_of(module(SOURCE).work)


def test_what_does_not_matter_is_not() -> None:
    same = SOURCE.replace("\nOTHER", "\n# a comment\nUNUSED = 1\nOTHER")

    assert code_of(module(same).work) == code_of(module(SOURCE).work)


def test_a_value_from_around_a_function_counts() -> None:
    steps = module(SOURCE)

    assert code_of(steps.around(1)) != code_of(steps.around(2))
    assert code_of(steps.around(1)) == code_of(steps.around(1))


class Scale(Step):
    def __init__(self, by: float) -> None:
        super().__init__("Scale")
        self.by = by

    def run(self, flow_metadata: dict[str, object]) -> object:
        return self.by


def test_a_setting_of_a_step_counts() -> None:
    assert code_of(Scale(1.0).run) != code_of(Scale(2.0).run)
    assert code_of(Scale(1.0).run) == code_of(Scale(1.0).run)


def test_every_process_has_the_same_digest() -> None:
    text = f"from nacre_adapters.flowstore import code_of\n{SOURCE}\nprint(code_of(work))"
    command = [sys.executable, "-c", text]

    done = subprocess.run(
        command, env={"PYTHONHASHSEED": "7"}, capture_output=True, text=True, check=True
    )

    assert done.stdout.strip() == code_of(module(SOURCE).work)
