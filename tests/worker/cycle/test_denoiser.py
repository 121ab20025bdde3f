"""Denoised volumes: made after a cycle and on demand, kept in bounded space."""

from typing import Any

import numpy as np
import pytest
import torch
from fixtures.cycle_runs import artifacts, reread, run_here
from fixtures.cycle_world import CycleWorld, build_cycle_world, simple_pool
from fixtures.labeling_world import rows, scalar, signed_in

from tomosift.kit.database import transaction
from tomosift.kit.denoised_files import ask_for, denoised_key
from tomosift.kit.settings import Settings
from tomosift_worker.cycle import denoiser
from tomosift_worker.cycle.denoiser import keep_in_bounds, make_wanted
from tomosift_worker.networks.catalogue import build_network
from tomosift_worker.networks.settings import AC3DSettings
from tomosift_worker.training import denoising
from tomosift_worker.training.denoising import DenoiserTrainer, denoise
from tomosift_worker.training.preprocessing import prepare
from tomosift_worker.training.readers import UnlabeledVolumes, in_memory
from tomosift_worker.training.settings import PreprocessingSettings, TrainingSettings


def test_an_autoencoder_takes_noise_away() -> None:
    """Learned from noisy volumes alone, its view is nearer to the clean shapes than what it was given."""
    (noisy, names), (clean, _) = (simple_pool({"sphere": 30, "rod": 30}, box=20, noise=each) for each in (3.0, 1e-3))
    assert len(names) == 60
    noisy, clean = (
        prepare(torch.from_numpy(each).unsqueeze(1), PreprocessingSettings(low_pass_sigma_voxels=0.0))
        for each in (noisy, clean)
    )
    network = build_network(AC3DSettings(width=4, code_size=8, hidden_size=8, box_size=20), 2, seed=0)
    settings = TrainingSettings(steps=80, batch_size=12, learning_rate=5e-3, max_shift_voxels=0, symmetry="none")
    trainer = DenoiserTrainer(network, UnlabeledVolumes(in_memory(noisy), 60), 0, settings)  # type: ignore[arg-type]
    while not trainer.finished:
        trainer.advance()
    shown = denoise(network, noisy).astype(np.float32)  # type: ignore[arg-type]

    def likeness(volumes: Any) -> float:
        pairs = zip(volumes, clean.squeeze(1).numpy(), strict=True)
        return float(np.mean([np.corrcoef(one.ravel(), other.ravel())[0, 1] for one, other in pairs]))

    assert likeness(shown) > likeness(noisy.squeeze(1).numpy()) + 0.1


@pytest.fixture
def world(settings: Settings) -> CycleWorld:
    world = build_cycle_world()
    world.label_some(4)
    return world


def states() -> dict[int, str]:
    return dict(tuple(row) for row in rows("SELECT subtomogram_id, state FROM denoised_volume"))


@pytest.mark.usefixtures("clean_database")
def test_a_small_autoencoder_shows_the_batch_at_once_and_others_on_demand(
    world: CycleWorld, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    quick = denoising.TRAINING.model_copy(update={"steps": 2, "batch_size": 4})
    monkeypatch.setattr(denoiser, "DenoiserTrainer", lambda *given: DenoiserTrainer(*given, settings=quick))
    client = signed_in(world.user_id)

    def ask(item: int) -> Any:
        return client.get(f"/api/v1/projects/{world.slug}/subtomograms/{item}/denoised")

    assert ask(world.others[0]).json()["type"].endswith("no-denoiser")
    cycle = run_here(world.launch(denoiser="on"))
    picked = [
        row[0] for row in rows("SELECT subtomogram_id FROM queue_item WHERE work = 'query' AND cycle_id IS NOT NULL")
    ]
    assert set(states()) >= {*picked, *world.evaluation}
    assert set(states().values()) == {"wanted"}
    assert (ask(picked[0]).status_code, ask(picked[0]).json()) == (202, {"ahead": 0, "is_trained": False})
    messages = "SELECT count(*) FROM outbox_message WHERE task = 'tomosift_worker.make_denoised'"
    assert scalar(messages) == 1, "what is wanted already is not asked for again"

    make_wanted(cycle.id, settings)

    assert set(states().values()) == {"ready"}
    assert (reread(cycle).metrics or {})["denoiser"]["key"]
    answer = ask(picked[0])
    assert (answer.status_code, answer.headers["X-Volume-Shape"]) == (200, "24,24,24")
    other = next(each for each in world.others if each not in states())
    assert (ask(other).status_code, ask(other).headers.get("Retry-After")) == (202, "3")
    assert ask(other).json() == {"ahead": 0, "is_trained": True}
    assert scalar(messages) == 2
    make_wanted(cycle.id, settings)
    assert ask(other).status_code == 200

    # Room for two: those used last stay.
    size = 24**3 * 2
    keep_in_bounds(artifacts(), 2 * size + 1)
    assert len(states()) == 2
    assert other in states()
    assert not artifacts().exists(denoised_key(cycle.id, picked[-1]))
    assert ask(picked[-1]).status_code == 202, "it can be made again"


@pytest.mark.usefixtures("clean_database")
def test_a_network_that_reconstructs_is_its_own_denoiser(world: CycleWorld, settings: Settings) -> None:
    cycle = run_here(
        world.launch(
            network={"kind": "ac3d", "width": 4},
            training={"method": "ac3d", "steps": 2, "batch_size": 4},
        )
    )
    key = (reread(cycle).metrics or {})["denoiser"]["key"]
    assert key == scalar("SELECT key FROM model")
    with transaction() as session:
        ask_for(session, cycle.id, world.others[:3])
    make_wanted(cycle.id, settings)
    assert [states()[each] for each in world.others[:3]] == ["ready"] * 3
