"""The roles of a project's members."""

from enum import StrEnum


class Role(StrEnum):
    """Roles, most powerful first: each may do what those after it may."""

    OWNER = "owner"
    CURATOR = "curator"
    ANNOTATOR = "annotator"
    VIEWER = "viewer"

    def may(self, needed: "Role") -> bool:
        """Whether this role is at least `needed`."""
        order = list(Role)
        return order.index(self) <= order.index(needed)
