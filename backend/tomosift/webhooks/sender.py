"""Sending what waits on the webhooks' lists: a thread of the API process.

A try is claimed by a commit that names the time of the next one, so that a process that is killed in the middle only
delays it, and no other process sends the same at once. At least once: a receiver knows repetitions by `webhook-id`.
"""

import json
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import httpx
import structlog
from sqlalchemy import select

import tomosift
from tomosift.kit.database import transaction, utc_now
from tomosift.kit.settings import Settings
from tomosift.tables import Webhook, WebhookDelivery
from tomosift.webhooks.addresses import AddressRefused, resolve
from tomosift.webhooks.signature import signed_headers

FIRST_PAUSE = timedelta(seconds=5)
LONGEST_PAUSE = timedelta(hours=4)
MOST_TRIES = 18
"""With these pauses the last try is about a day after the first."""
CLAIMED_FOR = timedelta(seconds=60)
TIMEOUT_SECONDS = 10.0
LOOK_EVERY_SECONDS = 1.0
ANSWER_BYTES = 65_536

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Claimed:
    """A delivery this process is about to try."""

    delivery_id: int
    url: str
    secret: str
    event: str
    payload: dict[str, Any]


@dataclass(frozen=True)
class Outcome:
    """How a try went: the status that came back, or what went wrong."""

    status: int | None
    error: str | None

    @property
    def is_delivered(self) -> bool:
        """Whether the receiver has taken it."""
        return self.status is not None and 200 <= self.status < 300


class WebhookSender:
    """Start it when the API starts, stop it when the API stops."""

    def __init__(self, settings: Settings) -> None:
        self._allowed = settings.webhook_hosts
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="tomosift-webhooks", daemon=True)

    def start(self) -> None:
        """Start the thread, if any host may be sent to."""
        if self._allowed:
            self._thread.start()

    def stop(self, timeout_seconds: float = 2.0) -> None:
        """Ask the thread to end. What is unsent stays on the list."""
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join(timeout_seconds)

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                sent = send_next(self._allowed)
            except Exception as error:  # the thread must outlive whatever the database does
                log.warning("webhooks paused", error=type(error).__name__, detail=str(error).split("\n")[0])
                sent = False
            if not sent:
                self._stopping.wait(LOOK_EVERY_SECONDS)


def send_next(allowed: Sequence[str]) -> bool:
    """Try the delivery that has waited longest; False when none is due."""
    claimed = claim_next()
    if claimed is None:
        return False
    note_outcome(claimed.delivery_id, post(claimed, allowed))
    return True


def claim_next() -> Claimed | None:
    """Take the next delivery that is due, for a minute."""
    with transaction() as session:
        row = session.execute(
            select(WebhookDelivery, Webhook)
            .join(Webhook, Webhook.id == WebhookDelivery.webhook_id)
            .where(WebhookDelivery.state == "waiting", WebhookDelivery.next_try_at <= utc_now(), Webhook.is_active)
            .order_by(WebhookDelivery.next_try_at)
            .limit(1)
            .with_for_update(of=WebhookDelivery, skip_locked=True)
        ).one_or_none()
        if row is None:
            return None
        delivery, webhook = row
        delivery.tries += 1
        delivery.next_try_at = utc_now() + CLAIMED_FOR
        return Claimed(delivery.id, webhook.url, webhook.secret, delivery.event, delivery.payload)


def post(claimed: Claimed, allowed: Sequence[str]) -> Outcome:
    """Send it once: to a checked address, no redirects, no proxy, bounded in time and in what is read back."""
    body = json.dumps(claimed.payload, separators=(",", ":"), ensure_ascii=False).encode()
    try:
        target = resolve(claimed.url, allowed)
        headers = {
            "Host": target.host_header,
            "Content-Type": "application/json",
            "User-Agent": f"Tomosift/{tomosift.__version__}",
            **signed_headers(claimed.secret, f"msg_{claimed.delivery_id}", int(time.time()), body),
        }
        return Outcome(_exchange(target.url, target.host, headers, body), None)
    except AddressRefused as refused:
        return Outcome(None, str(refused))
    except httpx.TransportError as error:
        return Outcome(None, f"no answer ({type(error).__name__})")


def _exchange(url: str, name: str, headers: dict[str, str], body: bytes) -> int:
    """POST and return the status. Of the answer's body little is read, and nothing kept."""
    end = time.monotonic() + TIMEOUT_SECONDS
    with (
        httpx.Client(timeout=TIMEOUT_SECONDS, follow_redirects=False, trust_env=False) as client,
        client.stream("POST", url, content=body, headers=headers, extensions={"sni_hostname": name}) as answer,
    ):
        read = 0
        for piece in answer.iter_raw():
            read += len(piece)
            if read > ANSWER_BYTES or time.monotonic() > end:
                break
        return answer.status_code


def note_outcome(delivery_id: int, outcome: Outcome) -> None:
    """Write down how a try went, and when the next one is."""
    with transaction() as session:
        delivery = session.get(WebhookDelivery, delivery_id, with_for_update=True)
        if delivery is None or delivery.state != "waiting":
            return
        delivery.last_status, delivery.last_error = outcome.status, outcome.error
        if outcome.is_delivered or delivery.tries >= MOST_TRIES:
            delivery.state = "delivered" if outcome.is_delivered else "failed"
            delivery.finished_at = utc_now()
        else:
            delivery.next_try_at = utc_now() + pause_after(delivery.tries)


def pause_after(tries: int) -> timedelta:
    """How long to wait after so many tries: 5 s, 10 s, 20 s, … at most 4 hours."""
    return min(LONGEST_PAUSE, FIRST_PAUSE * float(2 ** (tries - 1)))
