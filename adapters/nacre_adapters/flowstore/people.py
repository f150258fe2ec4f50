"""Who is in which group: said by whoever administers the store.

The rules keep users of one store apart from each other, not from the files of the vault: who may
read those may read everything.
"""

from nacre.errors import InvalidInput
from nacre_adapters.flowstore import events
from nacre_adapters.flowstore.events import Fact, subject_of
from nacre_adapters.flowstore.place import Place
from nacre_adapters.flowstore.views.people import ADMIN, MEMBER


def join(place: Place, group: str, user: str, *, by: str, role: str = MEMBER) -> None:
    """Put a user into a group, as a member or an admin. From the first group on, rules hold.

    Raises:
        InvalidInput: there is no such role.
    """
    if role not in (MEMBER, ADMIN):
        raise InvalidInput(f"there is no role {role!r:.40}: choose of {MEMBER}, {ADMIN}")
    data = {"group": group, "user": user, "role": role}
    fact = Fact(events.GROUP_JOINED, subject_of("group", group), data)
    place.commit(lambda _: [fact], actor=by)


def leave(place: Place, group: str, user: str, *, by: str) -> None:
    """Take a user out of a group."""
    fact = Fact(events.GROUP_LEFT, subject_of("group", group), {"group": group, "user": user})
    place.commit(lambda _: [fact], actor=by)


def appoint(place: Place, user: str, *, by: str) -> None:
    """Let a user see and change everything."""
    fact = Fact(events.ADMIN_APPOINTED, subject_of("person", user), {"user": user})
    place.commit(lambda _: [fact], actor=by)


def dismiss(place: Place, user: str, *, by: str) -> None:
    """Take back what `appoint` gave."""
    fact = Fact(events.ADMIN_DISMISSED, subject_of("person", user), {"user": user})
    place.commit(lambda _: [fact], actor=by)
