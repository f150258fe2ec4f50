"""Who is in which group: said by whoever administers the store.

Before the first administrator is appointed anybody may say so; from then on only those may, for
who joins a group sees what its members have. The rules keep users of one store apart from each
other, not from the files of the vault: who may read those may read everything.
"""

from nacre.errors import InvalidInput
from nacre_adapters.flowstore import events
from nacre_adapters.flowstore.errors import NotPermitted
from nacre_adapters.flowstore.events import Fact, subject_of
from nacre_adapters.flowstore.place import Look, Place
from nacre_adapters.flowstore.views.people import ADMIN, MEMBER


def join(place: Place, group: str, user: str, *, by: str, role: str = MEMBER) -> None:
    """Put a user into a group, as a member or an admin. From the first group on, rules hold.

    Raises:
        InvalidInput: there is no such role.
        NotPermitted: there are administrators, and *by* is none.
    """
    if role not in (MEMBER, ADMIN):
        raise InvalidInput(f"there is no role {role!r:.40}: choose of {MEMBER}, {ADMIN}")
    data = {"group": group, "user": user, "role": role}
    _say(place, Fact(events.GROUP_JOINED, subject_of("group", group), data), by)


def leave(place: Place, group: str, user: str, *, by: str) -> None:
    """Take a user out of a group: everybody may leave. Raises as `join` does."""
    data = {"group": group, "user": user}
    _say(place, Fact(events.GROUP_LEFT, subject_of("group", group), data), by)


def appoint(place: Place, user: str, *, by: str) -> None:
    """Let a user see and change everything. Raises as `join` does."""
    _say(place, Fact(events.ADMIN_APPOINTED, subject_of("person", user), {"user": user}), by)


def dismiss(place: Place, user: str, *, by: str) -> None:
    """Take back what `appoint` gave. Raises as `join` does."""
    _say(place, Fact(events.ADMIN_DISMISSED, subject_of("person", user), {"user": user}), by)


def _say(place: Place, fact: Fact, by: str) -> None:
    def decide(look: Look) -> list[Fact]:
        is_leaving = fact.kind == events.GROUP_LEFT and fact.data["user"] == by
        if not is_leaving and look.people.why_administer(by) is None:
            raise NotPermitted(f"{by!r} administers nothing: ask an administrator of the store")
        return [fact]

    place.commit(decide, actor=by)
