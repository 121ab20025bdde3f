"""The groups of methods. Written by `python -m tomosift.client_routes`: change the routes, not this file."""

from functools import cached_property
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tomosift.client.async_client import AsyncTomosift
    from tomosift.client.async_routes.accounts import AsyncAccountsRoutes
    from tomosift.client.async_routes.annotation import AsyncAnnotationRoutes
    from tomosift.client.async_routes.audit import AsyncAuditRoutes
    from tomosift.client.async_routes.cycles import AsyncCyclesRoutes
    from tomosift.client.async_routes.exports import AsyncExportsRoutes
    from tomosift.client.async_routes.imports import AsyncImportsRoutes
    from tomosift.client.async_routes.invitations import AsyncInvitationsRoutes
    from tomosift.client.async_routes.pool import AsyncPoolRoutes
    from tomosift.client.async_routes.projects import AsyncProjectsRoutes
    from tomosift.client.async_routes.registry import AsyncRegistryRoutes
    from tomosift.client.async_routes.review import AsyncReviewRoutes
    from tomosift.client.async_routes.webhooks import AsyncWebhooksRoutes


class AsyncRouteGroups:
    """A group for each tag of the API; each is loaded when it is first used."""

    def __init__(self, client: "AsyncTomosift") -> None:
        self._client = client

    @cached_property
    def accounts(self) -> "AsyncAccountsRoutes":
        """Routes of accounts."""
        from tomosift.client.async_routes.accounts import AsyncAccountsRoutes

        return AsyncAccountsRoutes(self._client)

    @cached_property
    def annotation(self) -> "AsyncAnnotationRoutes":
        """Routes of annotation."""
        from tomosift.client.async_routes.annotation import AsyncAnnotationRoutes

        return AsyncAnnotationRoutes(self._client)

    @cached_property
    def audit(self) -> "AsyncAuditRoutes":
        """Routes of audit."""
        from tomosift.client.async_routes.audit import AsyncAuditRoutes

        return AsyncAuditRoutes(self._client)

    @cached_property
    def cycles(self) -> "AsyncCyclesRoutes":
        """Routes of cycles."""
        from tomosift.client.async_routes.cycles import AsyncCyclesRoutes

        return AsyncCyclesRoutes(self._client)

    @cached_property
    def exports(self) -> "AsyncExportsRoutes":
        """Routes of exports."""
        from tomosift.client.async_routes.exports import AsyncExportsRoutes

        return AsyncExportsRoutes(self._client)

    @cached_property
    def imports(self) -> "AsyncImportsRoutes":
        """Routes of imports."""
        from tomosift.client.async_routes.imports import AsyncImportsRoutes

        return AsyncImportsRoutes(self._client)

    @cached_property
    def invitations(self) -> "AsyncInvitationsRoutes":
        """Routes of invitations."""
        from tomosift.client.async_routes.invitations import AsyncInvitationsRoutes

        return AsyncInvitationsRoutes(self._client)

    @cached_property
    def pool(self) -> "AsyncPoolRoutes":
        """Routes of pool."""
        from tomosift.client.async_routes.pool import AsyncPoolRoutes

        return AsyncPoolRoutes(self._client)

    @cached_property
    def projects(self) -> "AsyncProjectsRoutes":
        """Routes of projects."""
        from tomosift.client.async_routes.projects import AsyncProjectsRoutes

        return AsyncProjectsRoutes(self._client)

    @cached_property
    def registry(self) -> "AsyncRegistryRoutes":
        """Routes of registry."""
        from tomosift.client.async_routes.registry import AsyncRegistryRoutes

        return AsyncRegistryRoutes(self._client)

    @cached_property
    def review(self) -> "AsyncReviewRoutes":
        """Routes of review."""
        from tomosift.client.async_routes.review import AsyncReviewRoutes

        return AsyncReviewRoutes(self._client)

    @cached_property
    def webhooks(self) -> "AsyncWebhooksRoutes":
        """Routes of webhooks."""
        from tomosift.client.async_routes.webhooks import AsyncWebhooksRoutes

        return AsyncWebhooksRoutes(self._client)
