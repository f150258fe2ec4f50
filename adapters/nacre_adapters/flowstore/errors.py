"""What flows raise: the exceptions of the original's callers, as nacre's own.

NacreError
└── PredictException
    ├── InputNotFound    (NotFound, also ValueError)    save it in an earlier step, or name the step
    ├── AssetNotFound    (NotFound, also ValueError)    absent or not permitted: nobody can tell
    ├── FlowNotFound     (NotFound, also ValueError)    there is no such flow
    ├── NotPermitted     (InvalidInput, PermissionError)  ask its owner
    ├── StepMissing      (InvalidInput)                 give the interface a step
    └── Superseded       (StateError)                   another attempt took over: run it again
"""

from nacre.errors import InvalidInput, NacreError, NotFound, StateError


class PredictException(NacreError):
    """What the original raises, and here the root of what flows raise."""


class InputNotFound(PredictException, NotFound, ValueError):
    """No step that comes before has saved an output of that name."""

    code = "input_not_found"


class AssetNotFound(PredictException, NotFound, ValueError):
    """There is no such asset for this user."""

    code = "asset_not_found"


class FlowNotFound(PredictException, NotFound, ValueError):
    """There is no such flow, or no such step in it."""

    code = "flow_not_found"


class NotPermitted(PredictException, InvalidInput, PermissionError):
    """The user may read it and not change it."""

    code = "not_permitted"


class StepMissing(PredictException, InvalidInput):
    """The call is about a step, and the interface was made without one."""

    code = "step_missing"


class Superseded(PredictException, StateError):
    """The attempt is not the step's any more, so nothing that it saved is published."""

    code = "superseded"
