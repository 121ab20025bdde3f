"""Routes of review. Written by `python -m tomosift.client_routes`: change the routes, not this file."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Literal

from tomosift.client.calls import Call, Json, new_key, segment
from tomosift.review.schemas import (
    AdjudicationIn,
    AdjudicationOut,
    AgreementOut,
    AnnotatorsOut,
    LabelRulePreview,
    ReviewItem,
)

if TYPE_CHECKING:
    from tomosift.client.sync_client import Tomosift


class ReviewRoutes:
    """Routes of review."""

    def __init__(self, client: "Tomosift") -> None:
        self._client = client

    def read_disputed(self, slug: str, *, limit: int | None = None) -> Iterator[ReviewItem]:
        """Subtomograms people disagree about: `GET /projects/{slug}/review/disputed`."""
        call = Call("GET", f"/projects/{segment(slug)}/review/disputed", query={"limit": limit})
        return self._client.pages(call, ReviewItem)

    def read_opinions(self, slug: str, subtomogram_id: int) -> ReviewItem:
        """Everything that was said about a subtomogram.

        `GET /projects/{slug}/review/subtomograms/{subtomogram_id}`.
        """
        call = Call("GET", f"/projects/{segment(slug)}/review/subtomograms/{segment(subtomogram_id)}")
        return self._client.read(call, ReviewItem)

    def create_adjudication(
        self, slug: str, subtomogram_id: int, body: AdjudicationIn | Json, *, key: str | None = None
    ) -> AdjudicationOut:
        """Settle what a subtomogram is.

        `POST /projects/{slug}/review/subtomograms/{subtomogram_id}/adjudication`.
        """
        call = Call(
            "POST",
            f"/projects/{segment(slug)}/review/subtomograms/{segment(subtomogram_id)}/adjudication",
            body=body,
            headers={"Idempotency-Key": key or new_key()},
        )
        return self._client.read(call, AdjudicationOut)

    def read_agreement(self, slug: str) -> AgreementOut:
        """How far people agree: `GET /projects/{slug}/review/agreement`."""
        call = Call("GET", f"/projects/{segment(slug)}/review/agreement")
        return self._client.read(call, AgreementOut)

    def read_annotators(self, slug: str) -> AnnotatorsOut:
        """What each person has done: `GET /projects/{slug}/review/annotators`."""
        call = Call("GET", f"/projects/{segment(slug)}/review/annotators")
        return self._client.read(call, AnnotatorsOut)

    def read_label_rule(
        self, slug: str, *, rule: Literal["single", "majority", "dawid-skene", "crowdlab"] | None = None
    ) -> LabelRulePreview:
        """What another rule would change: `GET /projects/{slug}/review/label-rule`."""
        call = Call("GET", f"/projects/{segment(slug)}/review/label-rule", query={"rule": rule})
        return self._client.read(call, LabelRulePreview)
