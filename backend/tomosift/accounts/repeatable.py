"""Creates that may be repeated: the same Idempotency-Key from the same user makes a thing once.

The key is stored in the transaction that makes the thing, so either both are there or neither.
"""

import hashlib
import inspect
import uuid
from collections.abc import Callable
from datetime import timedelta
from functools import wraps
from typing import Annotated, Any, cast

from fastapi import Header, Request, Response
from fastapi.responses import JSONResponse
from pydantic import BaseModel, StringConstraints
from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from tomosift.accounts.authentication import CurrentUser
from tomosift.kit.database import joined_transaction, utc_now
from tomosift.kit.problems import conflict
from tomosift.tables import AnsweredRequest

KEPT_FOR = timedelta(days=2)
KEPT_HEADERS = ("etag", "location")

RequestKey = Annotated[
    Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{8,64}$")] | None,
    Header(
        alias="Idempotency-Key",
        description="A fresh random name (a UUID). Send the same one when you repeat the request: it is done once.",
    ),
]

Endpoint = Callable[..., BaseModel]


def repeatable(*, shows_secret: bool = False) -> Callable[[Endpoint], Endpoint]:
    """Decorates the endpoint of a create: takes an Idempotency-Key, and answers a repetition with 200 and the same.

    All `transaction()` blocks of the endpoint become one, together with the key. Another payload with the same key is
    409 `key-reused`. With `shows_secret` the answer is not kept: a repetition is 409 `secret-shown-once`, with the id.
    """

    def decorate(endpoint: Endpoint) -> Endpoint:
        @wraps(endpoint)
        def once(
            *,
            answer_key: str | None,
            answer_user: CurrentUser,
            answer_request: Request,
            answer_head: Response,
            **given: Any,
        ) -> BaseModel | Response:
            if answer_key is None:
                return endpoint(**given)
            payload = _hash_of(answer_request, given)
            with joined_transaction() as session:
                earlier = _earlier(session, answer_user.id, answer_key, payload)
                if earlier is not None:
                    return _again(earlier)
                made = endpoint(**given)
                row = session.get_one(AnsweredRequest, (answer_user.id, answer_key))
                row.answer = _to_keep(made, answer_head, shows_secret=shows_secret)
            return made

        cast(Any, once).__signature__ = _with_key(inspect.signature(endpoint))
        return cast(Endpoint, once)

    return decorate


def forget_old_answers(session: Session) -> None:
    """Drop what was answered more than two days ago."""
    session.execute(delete(AnsweredRequest).where(AnsweredRequest.created_at < utc_now() - KEPT_FOR))


def _with_key(signature: inspect.Signature) -> inspect.Signature:
    keyword = inspect.Parameter.KEYWORD_ONLY
    parameters = [each.replace(kind=keyword) for each in signature.parameters.values()]
    added = [
        inspect.Parameter("answer_key", keyword, annotation=RequestKey, default=None),
        inspect.Parameter("answer_user", keyword, annotation=CurrentUser),
        inspect.Parameter("answer_request", keyword, annotation=Request),
        inspect.Parameter("answer_head", keyword, annotation=Response),
    ]
    return signature.replace(parameters=[*parameters, *added])


def _hash_of(request: Request, given: dict[str, Any]) -> bytes:
    bodies = [f"{name}={each.model_dump_json()}" for name, each in sorted(given.items()) if isinstance(each, BaseModel)]
    text = "\n".join((request.method, request.url.path, request.url.query, *bodies))
    return hashlib.blake2b(text.encode(), digest_size=16).digest()


def _earlier(session: Session, user_id: uuid.UUID, key: str, payload_hash: bytes) -> AnsweredRequest | None:
    """What this key answered before; None: the key is new, and taken now. Waits for a twin at this very moment."""
    taken = session.execute(
        insert(AnsweredRequest)
        .values(user_id=user_id, key=key, payload_hash=payload_hash)
        .on_conflict_do_nothing()
        .returning(AnsweredRequest.key)
    ).one_or_none()
    if taken is not None:
        return None
    earlier = session.scalars(
        select(AnsweredRequest).where(AnsweredRequest.user_id == user_id, AnsweredRequest.key == key)
    ).one()
    if earlier.payload_hash != payload_hash:
        raise conflict(
            "key-reused",
            "This key was used for another request",
            "Nothing was made. Send every new request with a fresh Idempotency-Key.",
        )
    return earlier


def _to_keep(made: BaseModel, head: Response, *, shows_secret: bool) -> dict[str, Any]:
    body = made.model_dump(mode="json", by_alias=True)
    if shows_secret:
        return {"secret_of": body.get("id")}
    return {"body": body, "headers": {name: head.headers[name] for name in KEPT_HEADERS if name in head.headers}}


def _again(earlier: AnsweredRequest) -> Response:
    answer = earlier.answer or {}
    if "body" not in answer:
        raise conflict(
            "secret-shown-once",
            "It was made already",
            "Its secret was in the first answer and cannot be shown again. Remove the thing and make another one.",
            id=answer.get("secret_of"),
        )
    return JSONResponse(answer["body"], 200, headers=answer["headers"])
