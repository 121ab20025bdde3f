"""Creates that may be repeated: the same Idempotency-Key from the same user makes a thing once.

The key is stored in the transaction that makes the thing, so either both are there or neither.
"""

import hashlib
import inspect
import uuid
from collections.abc import Callable
from functools import wraps
from typing import Annotated, Any, cast

from fastapi import Header, Request, Response
from fastapi.responses import JSONResponse
from pydantic import BaseModel, StringConstraints
from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from tomosift.accounts.authentication import CurrentUser
from tomosift.kit.database import joined_transaction
from tomosift.kit.problems import conflict
from tomosift.tables import AnsweredRequest

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
        own = inspect.signature(endpoint)
        # FastAPI gives an endpoint one Request and one Response: its own, if it asks for them.
        request_name, head_name = _name_of(own, Request, "answer_request"), _name_of(own, Response, "answer_head")

        @wraps(endpoint)
        def once(*, answer_key: str | None, answer_user: CurrentUser, **given: Any) -> BaseModel | Response:
            request, head = given[request_name], given[head_name]
            given = {name: value for name, value in given.items() if name in own.parameters}
            if answer_key is None:
                return endpoint(**given)
            payload = _hash_of(request, given)
            with joined_transaction() as session:
                earlier = _earlier(session, answer_user.id, answer_key, payload)
                if earlier is not None:
                    return _again(earlier)
                made = endpoint(**given)
                row = session.get_one(AnsweredRequest, (answer_user.id, answer_key))
                row.answer = _to_keep(made, head, shows_secret=shows_secret)
            return made

        added = {request_name: Request, head_name: Response, "answer_user": CurrentUser, "answer_key": RequestKey}
        cast(Any, once).__signature__ = _with_added(own, added)
        return cast(Endpoint, once)

    return decorate


def _name_of(signature: inspect.Signature, kind: type, otherwise: str) -> str:
    """The parameter of that type, or the name it is to get."""
    return next((each.name for each in signature.parameters.values() if each.annotation is kind), otherwise)


def _with_added(signature: inspect.Signature, added: dict[str, Any]) -> inspect.Signature:
    keyword = inspect.Parameter.KEYWORD_ONLY
    parameters = {name: each.replace(kind=keyword) for name, each in signature.parameters.items()}
    for name, annotation in added.items():
        default = None if annotation is RequestKey else inspect.Parameter.empty
        parameters.setdefault(name, inspect.Parameter(name, keyword, annotation=annotation, default=default))
    return signature.replace(parameters=list(parameters.values()))


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
            **({"id": answer["secret_of"]} if answer.get("secret_of") else {}),
        )
    return JSONResponse(answer["body"], 200, headers=answer["headers"])
