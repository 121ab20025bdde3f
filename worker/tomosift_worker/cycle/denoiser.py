"""A cycle's denoiser, and the volumes that are asked of it.

A network that learned to reconstruct is its own denoiser. Beside another one a small autoencoder is trained when the
first volumes are asked for, which is right after the cycle: nobody waits for it to label.
"""

import logging
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch
from sqlalchemy import delete, func, select, text, update

from tomosift.kit.artifacts import ArtifactStore
from tomosift.kit.database import get_engine, transaction, utc_now
from tomosift.kit.denoised_files import denoised_key
from tomosift.kit.settings import Settings
from tomosift.tables import Cycle, DenoisedVolume, EvaluationItem, Model, Source, Subtomogram
from tomosift_worker.acquisition.picks import NO_GROUP
from tomosift_worker.cycle.labeled_volumes import are_whole
from tomosift_worker.cycle.leftovers import attempt_prefix
from tomosift_worker.cycle.model_files import StoredModel, read_model, write_model
from tomosift_worker.cycle.settings import CycleSettings
from tomosift_worker.cycle.snapshot import Items
from tomosift_worker.cycle.volumes import PoolVolumes
from tomosift_worker.device import choose_device, place, set_up_cpu, usable_cores
from tomosift_worker.networks.ac3d import AC3D
from tomosift_worker.networks.catalogue import build_network
from tomosift_worker.training.catalogue import TRAINING_METHODS
from tomosift_worker.training.denoising import NETWORK, DenoiserTrainer, denoise
from tomosift_worker.training.preprocessing import prepare
from tomosift_worker.training.readers import UnlabeledVolumes

AT_ONCE = 32
NO_ATTEMPT = 0

logger = logging.getLogger(__name__)


def planned_denoiser(settings: CycleSettings, model: Model | None) -> dict[str, Any] | None:
    """What a cycle's numbers say of its denoiser: `{key}`, the model to use (None: to be trained). None for none."""
    if model is not None and TRAINING_METHODS[settings.training.method].reconstructs:
        return {"key": model.key}
    return {"key": None} if settings.denoiser == "on" else None


def make_wanted(cycle_id: uuid.UUID, program: Settings) -> None:
    """Make all volumes wanted of a cycle's denoiser, those asked for first before; then keep the cache in bounds.

    Returns at once where another process is at it.
    """
    device = choose_device(program.device)
    if device.type == "cpu":
        set_up_cpu(usable_cores())
    artifacts, volumes = ArtifactStore(program.effective_store_url), PoolVolumes(program.effective_store_url)
    with _alone(cycle_id) as is_alone:
        if not is_alone:
            return
        with transaction() as session:
            cycle = session.get(Cycle, cycle_id)
        if cycle is None or "denoiser" not in (cycle.metrics or {}):
            return
        key = cycle.metrics["denoiser"]["key"] if cycle.metrics else None
        model = _train(cycle, artifacts, volumes, device) if key is None else read_model(artifacts, key)
        place(model.network, device)
        while len(items := _wanted(cycle_id)):
            _make(cycle_id, model, items, artifacts, volumes, device)
            keep_in_bounds(artifacts, int(program.denoised_cache_mb * 1e6))


def keep_in_bounds(artifacts: ArtifactStore, most_bytes: int) -> None:
    """Delete the volumes that were not used for longest, until the rest takes at most so many bytes."""
    running = func.sum(DenoisedVolume.size_bytes).over(
        order_by=(DenoisedVolume.used_at.desc(), DenoisedVolume.cycle_id, DenoisedVolume.subtomogram_id)
    )
    with transaction() as session:
        sums = (
            select(DenoisedVolume.cycle_id, DenoisedVolume.subtomogram_id, running.label("so_far"))
            .where(DenoisedVolume.state == "ready")
            .subquery()
        )
        gone = session.execute(
            delete(DenoisedVolume)
            .where(
                DenoisedVolume.cycle_id == sums.c.cycle_id,
                DenoisedVolume.subtomogram_id == sums.c.subtomogram_id,
                sums.c.so_far > most_bytes,
            )
            .returning(DenoisedVolume.cycle_id, DenoisedVolume.subtomogram_id)
            .execution_options(synchronize_session=False)
        ).all()
    for cycle_id, subtomogram_id in gone:
        artifacts.delete_prefix(denoised_key(cycle_id, subtomogram_id))


@contextmanager
def _alone(cycle_id: uuid.UUID) -> Iterator[bool]:
    """Whether no other process makes volumes of this cycle; none will while the block runs."""
    name = {"name": f"denoiser/{cycle_id}"}
    with get_engine().connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        got = bool(connection.scalar(text("SELECT pg_try_advisory_lock(hashtextextended(:name, 0))"), name))
        try:
            yield got
        finally:
            if got:
                connection.execute(text("SELECT pg_advisory_unlock(hashtextextended(:name, 0))"), name)


def _train(cycle: Cycle, artifacts: ArtifactStore, volumes: PoolVolumes, device: torch.device) -> StoredModel:
    """Train the small autoencoder, store it, and say so in the cycle's numbers."""
    settings = CycleSettings.model_validate(cycle.settings)
    # Of the whole box, however much of it the classifier takes.
    preprocessing = settings.preprocessing.model_copy(update={"kept_band": 1.0})
    items = _learned_from(cycle.project_id)
    box = volumes.read(items.take(slice(0, 1))).shape[1]

    def read(positions: Any, _: Any) -> torch.Tensor:
        raw = volumes.read(items.take(positions))
        raw[~are_whole(raw)] = 0.0
        return prepare(torch.from_numpy(raw).unsqueeze(1).to(device), preprocessing)

    network_settings = NETWORK.model_copy(update={"box_size": box})
    network = place(build_network(network_settings, 2, settings.seed or 0), device)
    assert isinstance(network, AC3D)
    started = time.monotonic()
    trainer = DenoiserTrainer(network, UnlabeledVolumes(read, len(items)), settings.seed or 0)
    while not trainer.finished:
        trainer.advance()
    key = f"{attempt_prefix(cycle.id, NO_ATTEMPT)}/denoiser"
    model = StoredModel(network, network_settings, preprocessing, [{"kind": "none", "id": None}] * 2)
    write_model(artifacts, key, model, {"cycle_number": cycle.number})
    figures = {"key": key, "seconds": round(time.monotonic() - started, 1), "loss": trainer.loss}
    with transaction() as session:
        row = session.get_one(Cycle, cycle.id, with_for_update=True)
        row.metrics = {**(row.metrics or {}), "denoiser": figures}
    logger.info("cycle %s has learned to denoise in %.1f s, error %.3f", cycle.id, figures["seconds"], trainer.loss)
    return model


def _make(
    cycle_id: uuid.UUID,
    model: StoredModel,
    items: Items,
    artifacts: ArtifactStore,
    volumes: PoolVolumes,
    device: torch.device,
) -> None:
    raw = volumes.read(items)
    whole = are_whole(raw)
    raw[~whole] = 0.0
    assert isinstance(model.network, AC3D)
    shown = denoise(model.network, model.prepare(torch.from_numpy(raw).unsqueeze(1).to(device)))
    for item, volume, is_whole in zip(items.ids.tolist(), shown, whole, strict=True):
        if is_whole:
            artifacts.write_tensors(denoised_key(cycle_id, item), {"volume": volume})
        values = {"state": "ready", "size_bytes": volume.nbytes} if is_whole else {"state": "refused"}
        with transaction() as session:
            session.execute(
                update(DenoisedVolume)
                .where(DenoisedVolume.cycle_id == cycle_id, DenoisedVolume.subtomogram_id == item)
                .values(**values, used_at=utc_now())
            )


def _wanted(cycle_id: uuid.UUID) -> Items:
    statement = (
        select(Subtomogram.id, Source.volumes_key, Subtomogram.source_row)
        .join(DenoisedVolume, DenoisedVolume.subtomogram_id == Subtomogram.id)
        .join(Source, Source.id == Subtomogram.source_id)
        .where(DenoisedVolume.cycle_id == cycle_id, DenoisedVolume.state == "wanted")
        .order_by(DenoisedVolume.asked_at, Subtomogram.id)
        .limit(AT_ONCE)
    )
    return _items(statement)


def _learned_from(project_id: uuid.UUID) -> Items:
    """The pool without the evaluation sample."""
    statement = (
        select(Subtomogram.id, Source.volumes_key, Subtomogram.source_row)
        .join(Source, Source.id == Subtomogram.source_id)
        .outerjoin(EvaluationItem, EvaluationItem.subtomogram_id == Subtomogram.id)
        .where(Subtomogram.project_id == project_id, EvaluationItem.subtomogram_id.is_(None))
        .order_by(Subtomogram.source_id, Subtomogram.source_row)
    )
    return _items(statement)


def _items(statement: Any) -> Items:
    with transaction() as session:
        rows = session.execute(statement).all()
    sources = sorted({row.volumes_key for row in rows})
    number = {key: place for place, key in enumerate(sources)}
    return Items(
        np.array([row.id for row in rows], np.int64),
        np.array([number[row.volumes_key] for row in rows], np.int64),
        np.array([row.source_row for row in rows], np.int64),
        sources,
        np.full(len(rows), NO_GROUP, np.int64),
    )
