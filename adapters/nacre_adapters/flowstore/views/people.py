"""Who is in which group, and who may do what.

m[user, group]   role in the group: "member" or "admin"
g[group, user]   the same, by group
a[user]          True: an administrator of everything
r["rules"]       True: there was a group or an administrator once
"""

from collections.abc import Iterator
from typing import ClassVar

from nacre import Event, State
from nacre_adapters.flowstore import events
from nacre_adapters.flowstore.events import key_of

MEMBER, ADMIN = "member", "admin"


class People:
    """Groups and roles. Before the first group or administrator everybody may do everything.

    Not again after the last: a group that empties must not open what it kept.
    """

    name: ClassVar[str] = "flowstore.people"
    version: ClassVar[int] = 2
    kinds: ClassVar[tuple[str, ...]] = (
        events.GROUP_JOINED,
        events.GROUP_LEFT,
        events.ADMIN_APPOINTED,
        events.ADMIN_DISMISSED,
    )

    def __init__(self, state: State) -> None:
        self._of_user = state.table("m")
        self._of_group = state.table("g")
        self._admins = state.table("a")
        self._rules = state.table("r")

    def apply(self, event: Event) -> None:
        """Change who is where."""
        user = key_of(str(event.data["user"]))
        if event.kind in (events.GROUP_JOINED, events.ADMIN_APPOINTED):
            self._rules["rules"] = True
        match event.kind:
            case events.GROUP_JOINED:
                group, role = key_of(str(event.data["group"])), str(event.data["role"])
                self._of_user[user, group] = role
                self._of_group[group, user] = role
            case events.GROUP_LEFT:
                group = key_of(str(event.data["group"]))
                if (user, group) in self._of_user:
                    del self._of_user[user, group]
                    del self._of_group[group, user]
            case events.ADMIN_APPOINTED:
                self._admins[user] = True
            case events.ADMIN_DISMISSED if user in self._admins:
                del self._admins[user]

    def is_open(self) -> bool:
        """Tell whether nobody ever made a group, so that everybody may do everything."""
        return "rules" not in self._rules

    def why_administer(self, user: str) -> str | None:
        """Return why *user* may say who is in which group; None when not."""
        if self.is_admin(user):
            return "administers everything"
        has_admins = next(self._admins.scan(), None) is not None
        return None if has_admins else "there is no administrator yet"

    def groups_of(self, user: str) -> dict[str, str]:
        """Return the groups of a user, and the role in each."""
        return {str(group): str(role) for (_, group), role in self._of_user.scan((key_of(user),))}

    def members_of(self, group: str) -> Iterator[tuple[str, str]]:
        """Yield the members of a group and their roles."""
        for (_, user), role in self._of_group.scan((key_of(group),)):
            yield str(user), str(role)

    def is_admin(self, user: str) -> bool:
        """Tell whether a user administers everything."""
        return key_of(user) in self._admins

    def why_read(self, user: str, owner: str, groups: list[str] | None) -> str | None:
        """Return why *user* may read what *owner* has shared with *groups*; None when not.

        Without groups it is shared with those of the owner.
        """
        whole = self._why_all(user, owner)
        if whole is not None:
            return whole
        shared = self.groups_of(owner) if groups is None else set(map(key_of, groups))
        common = sorted(self.groups_of(user).keys() & set(shared))
        return f"in the group {common[0]!r}" if common else None

    def why_write(self, user: str, owner: str) -> str | None:
        """Return why *user* may change what *owner* has; None when not."""
        whole = self._why_all(user, owner)
        if whole is not None:
            return whole
        led = {group for group, role in self.groups_of(user).items() if role == ADMIN}
        common = sorted(led & self.groups_of(owner).keys())
        return f"administers the group {common[0]!r}" if common else None

    def _why_all(self, user: str, owner: str) -> str | None:
        if user == owner:
            return "owns it"
        if self.is_open():
            return "there are no groups: everybody may"
        return "administers everything" if self.is_admin(user) else None
