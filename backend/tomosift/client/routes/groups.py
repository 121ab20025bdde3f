"""The groups of methods. Written by `python -m tomosift.client_routes`: change the routes, not this file."""

from functools import cached_property
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tomosift.client.routes.accounts import AccountsRoutes
    from tomosift.client.routes.annotation import AnnotationRoutes
    from tomosift.client.routes.audit import AuditRoutes
    from tomosift.client.routes.cycles import CyclesRoutes
    from tomosift.client.routes.exports import ExportsRoutes
    from tomosift.client.routes.imports import ImportsRoutes
    from tomosift.client.routes.invitations import InvitationsRoutes
    from tomosift.client.routes.pool import PoolRoutes
    from tomosift.client.routes.projects import ProjectsRoutes
    from tomosift.client.routes.registry import RegistryRoutes
    from tomosift.client.routes.review import ReviewRoutes
    from tomosift.client.routes.webhooks import WebhooksRoutes
    from tomosift.client.sync_client import Tomosift


class RouteGroups:
    """A group for each tag of the API; each is loaded when it is first used."""

    def __init__(self, client: "Tomosift") -> None:
        self._client = client

    @cached_property
    def accounts(self) -> "AccountsRoutes":
        """Routes of accounts."""
        from tomosift.client.routes.accounts import AccountsRoutes

        return AccountsRoutes(self._client)

    @cached_property
    def annotation(self) -> "AnnotationRoutes":
        """Routes of annotation."""
        from tomosift.client.routes.annotation import AnnotationRoutes

        return AnnotationRoutes(self._client)

    @cached_property
    def audit(self) -> "AuditRoutes":
        """Routes of audit."""
        from tomosift.client.routes.audit import AuditRoutes

        return AuditRoutes(self._client)

    @cached_property
    def cycles(self) -> "CyclesRoutes":
        """Routes of cycles."""
        from tomosift.client.routes.cycles import CyclesRoutes

        return CyclesRoutes(self._client)

    @cached_property
    def exports(self) -> "ExportsRoutes":
        """Routes of exports."""
        from tomosift.client.routes.exports import ExportsRoutes

        return ExportsRoutes(self._client)

    @cached_property
    def imports(self) -> "ImportsRoutes":
        """Routes of imports."""
        from tomosift.client.routes.imports import ImportsRoutes

        return ImportsRoutes(self._client)

    @cached_property
    def invitations(self) -> "InvitationsRoutes":
        """Routes of invitations."""
        from tomosift.client.routes.invitations import InvitationsRoutes

        return InvitationsRoutes(self._client)

    @cached_property
    def pool(self) -> "PoolRoutes":
        """Routes of pool."""
        from tomosift.client.routes.pool import PoolRoutes

        return PoolRoutes(self._client)

    @cached_property
    def projects(self) -> "ProjectsRoutes":
        """Routes of projects."""
        from tomosift.client.routes.projects import ProjectsRoutes

        return ProjectsRoutes(self._client)

    @cached_property
    def registry(self) -> "RegistryRoutes":
        """Routes of registry."""
        from tomosift.client.routes.registry import RegistryRoutes

        return RegistryRoutes(self._client)

    @cached_property
    def review(self) -> "ReviewRoutes":
        """Routes of review."""
        from tomosift.client.routes.review import ReviewRoutes

        return ReviewRoutes(self._client)

    @cached_property
    def webhooks(self) -> "WebhooksRoutes":
        """Routes of webhooks."""
        from tomosift.client.routes.webhooks import WebhooksRoutes

        return WebhooksRoutes(self._client)
