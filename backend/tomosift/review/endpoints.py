"""HTTP face of the review room."""

from typing import Annotated

from fastapi import APIRouter, Header, Path, Query, Response

from tomosift.annotation.queue import Asker
from tomosift.annotation.schemas import IdempotencyKey
from tomosift.kit.database import transaction
from tomosift.kit.label_rule import LabelRule
from tomosift.kit.paging import Page, PageAfter, PageLimit, decode_cursor, page_of
from tomosift.kit.problems import forbidden
from tomosift.kit.routing import problems
from tomosift.projects.access import AnnotatorAccess, CuratorAccess, ProjectAccess, Role
from tomosift.projects.shown_labels import reader_of
from tomosift.review.adjudication import adjudicate
from tomosift.review.agreement_figures import project_agreement
from tomosift.review.annotator_figures import annotator_statistics
from tomosift.review.opinions import list_disputed, may_read_opinions, review_item, review_items
from tomosift.review.rule_preview import preview_rule
from tomosift.review.schemas import (
    AdjudicationIn,
    AdjudicationOut,
    AgreementOut,
    AnnotatorsOut,
    LabelRulePreview,
    ReviewItem,
)

router = APIRouter(prefix="/projects/{slug}/review", tags=["review"])

SubtomogramId = Annotated[int, Path(ge=1, lt=2**63)]
Key = Annotated[IdempotencyKey, Header(alias="Idempotency-Key")]


def _asker(access: ProjectAccess) -> Asker:
    return Asker(access.project_id, access.slug, access.user.id)


@router.get("/disputed", summary="Subtomograms people disagree about", responses=problems(401, 403, 404, 422))
def read_disputed(access: CuratorAccess, limit: PageLimit = 50, after: PageAfter = None) -> Page[ReviewItem]:
    """Those whose opinions differ and that nobody has adjudicated, with all opinions side by side."""
    cursor = decode_cursor(after, int)
    with transaction() as session:
        ids = list_disputed(session, reader_of(access), limit, int(str(cursor[0])) if cursor else 0)
        items = review_items(session, access.project_id, access.slug, ids)
    return page_of(items, limit, lambda item: item, lambda item: (item.subtomogram.id,))


@router.get(
    "/subtomograms/{subtomogram_id}",
    summary="Everything that was said about a subtomogram",
    responses=problems(401, 403, 404, 422),
)
def read_opinions(subtomogram_id: SubtomogramId, access: AnnotatorAccess) -> ReviewItem:
    """All opinions and comments. Annotators see them once they have decided themselves, so that they decide blind.

    So do curators while somebody is asked about it blind, unless it waits for an adjudicator.
    """
    with transaction() as session:
        item = review_item(session, access.project_id, access.slug, subtomogram_id)
        if not may_read_opinions(session, reader_of(access), subtomogram_id):
            raise forbidden("Decide this subtomogram first; what others said would sway you.")
    return item


@router.post(
    "/subtomograms/{subtomogram_id}/adjudication",
    status_code=201,
    summary="Settle what a subtomogram is",
    responses={
        200: {"model": AdjudicationOut, "description": "This key stored it before; the same answer again"},
        **problems(401, 403, 404, 409, 422),
    },
)
def create_adjudication(
    subtomogram_id: SubtomogramId, body: AdjudicationIn, key: Key, access: CuratorAccess, response: Response
) -> AdjudicationOut:
    """Give the word that counts more than all opinions. They stay as they are; its undo opens the dispute again."""
    answer, is_new = adjudicate(_asker(access), subtomogram_id, body, key)
    response.status_code = 201 if is_new else 200
    return answer


@router.get("/agreement", summary="How far people agree", responses=problems(401, 403, 404, 422))
def read_agreement(access: CuratorAccess) -> AgreementOut:
    """Fleiss' and Cohen's kappa, overall, by class and by pair of people, with intervals and sample sizes."""
    with transaction() as session:
        return project_agreement(session, access.project_id)


@router.get("/annotators", summary="What each person has done", responses=problems(401, 403, 404, 422))
def read_annotators(access: AnnotatorAccess) -> AnnotatorsOut:
    """Decisions, pace and agreement of everybody for curators; annotators see their own."""
    with transaction() as session:
        everybody = annotator_statistics(session, access.project_id)
    if access.role.may(Role.CURATOR):
        return everybody
    own = [each for each in everybody.annotators if each.user == access.user.name]
    return AnnotatorsOut(as_of_event_id=everybody.as_of_event_id, annotators=own)


@router.get("/label-rule", summary="What another rule would change", responses=problems(401, 403, 404, 422))
def read_label_rule(
    access: CuratorAccess, rule: Annotated[LabelRule, Query(description="The rule to try.")]
) -> LabelRulePreview:
    """How many labels the rule would change, and into what. Set it as `label_rule` in the project's settings."""
    with transaction() as session:
        return preview_rule(session, access.project_id, rule)
