"""One name and version is one view: the same class, or one with the same code."""

from typing import ClassVar

import pytest

import nacre
from nacre.errors import InvalidInput, Unstorable
from nacre.views.sameness import is_same_view

CELL = '''
class Counts:
    """How often each subject was spoken of."""

    name = "counts"
    version = 1
    upcasts = {("seen", 1): lambda data: {**data, "by": None}}

    def __init__(self, state):
        super().__init__()
        self._counts = state.table("counts")

    def apply(self, event):
        self._counts[event.subject] = self._counts.get(event.subject, 0) + 1

    @staticmethod
    def least():
        return 0

    @property
    def all(self):
        return {subject: count for (subject,), count in self._counts.scan()}
'''


def run_cell(source: str = CELL, *, below: int = 0) -> type:
    """Run the cell of a notebook, which defines the class; it may have moved down."""
    namespace: dict[str, type] = {"__name__": "__main__"}
    exec("\n" * below + source, namespace)
    return namespace["Counts"]


def test_a_cell_that_runs_again_defines_the_same_view(vault: nacre.Vault) -> None:
    vault.register(run_cell())
    vault.record("seen", subject="a")

    again = run_cell(below=3)
    vault.register(again)
    vault.record("seen", subject="a")

    assert vault.view(again).all == {"a": 2}


CHANGES = {
    "a constant": ("get(event.subject, 0) + 1", "get(event.subject, 0) + 2"),
    "a name": ("self._counts.get(event", "self._others.get(event"),
    "an upcast": ('"by": None', '"by": "ana"'),
    "a static method": ("return 0", "return 1"),
    "a property": ("in self._counts.scan()", "in self._counts.scan((1,))"),
    "an attribute": ("version = 1\n", "version = 1\n    kinds = ('seen',)\n"),
    "a default": ("def least():", "def least(of=1):"),
}


@pytest.mark.parametrize(("before", "after"), CHANGES.values(), ids=CHANGES)
def test_a_class_with_other_code_must_have_another_version(
    before: str, after: str, vault: nacre.Vault
) -> None:
    vault.register(run_cell())
    assert before in CELL

    with pytest.raises(InvalidInput, match="raise the version of Counts, or give it another name"):
        vault.register(run_cell(CELL.replace(before, after)))

    vault.record("seen", subject="a")
    assert vault.verify().is_clean


def test_a_class_of_another_name_is_another_view(vault: nacre.Vault) -> None:
    vault.register(run_cell())
    other = type("Other", (run_cell(),), {})

    with pytest.raises(InvalidInput, match="registered with version 1 by another class"):
        vault.register(other)


def test_what_a_closure_holds_belongs_to_the_code() -> None:
    def made(step: int) -> type:
        class Steps:
            name = "steps"
            version = 1

            def __init__(self, state: nacre.State) -> None: ...

            def apply(self, event: nacre.Event) -> int:
                return step

        return Steps

    assert is_same_view(made(1), made(1))
    assert not is_same_view(made(1), made(2))


# What a class that is no view, or whose code is wrong, gets to hear


class Broken:
    name: ClassVar[str] = "broken"
    version: ClassVar[int] = 1

    def __init__(self, state: nacre.State) -> None:
        self._rows = state.table("rows")

    def apply(self, event: nacre.Event) -> None:
        self._rows["a", 1] = {"pair": (1, 2)} if event.subject == "row" else {}[event.subject]


def test_a_row_that_cannot_be_stored_names_table_key_and_view(vault: nacre.Vault) -> None:
    vault.register(Broken)

    with pytest.raises(
        Unstorable, match=r"the row \('a', 1\) of the table 'rows'\['pair'\] is a t"
    ) as e:
        vault.record("seen", subject="row")

    assert e.value.__notes__[0].startswith("raised by the view 'broken', which applied 'seen' of")


def test_an_error_in_a_view_names_the_view(vault: nacre.Vault) -> None:
    vault.register(Broken)

    with pytest.raises(KeyError) as error:
        vault.record("seen", subject="s")

    (note,) = error.value.__notes__
    assert note == "raised by the view 'broken', which applied 'seen' of 's' in commit 0"


def test_a_class_without_a_name_is_no_view(vault: nacre.Vault) -> None:
    class Nameless:
        version = 1

    with pytest.raises(InvalidInput, match=r"the class .*Nameless has no `name`: give the view"):
        vault.register(Nameless)


@pytest.mark.parametrize("members", [{}, {"__init__": lambda self, state, more: None}])
def test_a_class_that_is_not_made_of_its_state_is_no_view(
    members: dict[str, object], vault: nacre.Vault
) -> None:
    view = type("V", (), {"name": "v", "version": 1, "apply": lambda self, event: None, **members})

    with pytest.raises(InvalidInput, match=r"define `__init__\(self, state\)`"):
        vault.register(view)


def test_an_object_is_no_view(vault: nacre.Vault) -> None:
    with pytest.raises(InvalidInput, match="is no class: register the class of the view"):
        vault.register(object())
