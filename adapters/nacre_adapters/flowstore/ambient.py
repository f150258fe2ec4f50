"""Methods that work on an instance and on the class: there they mean the step that runs here."""

from collections.abc import Callable
from functools import update_wrapper
from types import MethodType
from typing import Concatenate, Generic, ParamSpec, Protocol, TypeVar

from nacre_adapters.flowstore.context import ATTEMPT
from nacre_adapters.flowstore.errors import StepMissing
from nacre_adapters.flowstore.place import Place, find_place

Self = TypeVar("Self")
Given = ParamSpec("Given")
Result = TypeVar("Result")


class AmbientMethod(Generic[Self, Given, Result]):
    """A method; called on the class it is bound to an instance for the attempt that runs here."""

    def __init__(self, method: Callable[Concatenate[Self, Given], Result]) -> None:
        self._method = method
        update_wrapper(self, method)  # type: ignore[arg-type]  # its name and signature

    def __get__(self, instance: Self | None, owner: type[Self]) -> Callable[Given, Result]:
        if instance is not None:
            return MethodType(self._method, instance)

        def on_class(*args: Given.args, **kwargs: Given.kwargs) -> Result:
            return self._method(_of_running(owner), *args, **kwargs)

        update_wrapper(on_class, MethodType(self._method, owner))
        return on_class


class OfStore(Generic[Given, Result]):
    """A function of a store: that of the instance, or, on the class, the one that is in use."""

    def __init__(self, function: Callable[Concatenate[Place, Given], Result]) -> None:
        self._function = function
        update_wrapper(self, function)  # type: ignore[arg-type]  # its name

    def __get__(self, instance: "Placed | None", owner: type) -> Callable[Given, Result]:
        def bound(*args: Given.args, **kwargs: Given.kwargs) -> Result:
            place = find_place() if instance is None else instance.place
            return self._function(place, *args, **kwargs)

        update_wrapper(bound, MethodType(self._function, owner))
        return bound


class Placed(Protocol):
    """What has a store."""

    @property
    def place(self) -> Place:
        """The open store."""


def _of_running(owner: type[Self]) -> Self:
    running = ATTEMPT.get()
    if running is None:
        raise StepMissing(
            f"no step runs here: call this on an instance, {owner.__name__}(**flow_metadata)"
        )
    make: Callable[..., Self] = owner
    return make(running.flow, running.user, running.step)
