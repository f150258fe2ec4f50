"""What surrounds a call: the store that is in use, and the attempt that is running.

Both are context variables, so threads and tasks that somebody starts with `copy_context` see them.
"""

from contextvars import ContextVar
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from nacre_adapters.flowstore.attempts import Attempt
    from nacre_adapters.flowstore.place import Place

STORE: ContextVar["Place | None"] = ContextVar("nacre_flowstore", default=None)
ATTEMPT: ContextVar["Attempt | None"] = ContextVar("nacre_flow_attempt", default=None)
