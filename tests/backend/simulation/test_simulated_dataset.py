"""Simulated data sets: the asked-for signal, one seed one data set, files that say what they should and no more."""

import csv
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tomosift.formats.orientations import rotation_from_relion
from tomosift.formats.star import read_particle_star
from tomosift.formats.volume_files import read_cube
from tomosift.simulation import physics
from tomosift.simulation.dataset import (
    DEMO_COUNTS,
    DEMO_JUNK,
    FolderNotEmpty,
    demo_dataset,
    simulate_dataset,
    simulate_pool,
)
from tomosift.simulation.junk import JUNK, JUNK_KINDS
from tomosift.simulation.particles import Imaging, ParticleSimulator, PlannedParticle, plan_particles
from tomosift.simulation.templates import phantom_templates

REAL_MAPS = Path(__file__).parents[4] / "shared" / "data" / "templates_10A"
IMAGING = Imaging(box=24, snr=0.1)


def planned(class_name: str, number: int = 0) -> PlannedParticle:
    return PlannedParticle(class_name, number, tomogram=0, coordinate=(50, 50, 50), order=0.0)


def simulator(imaging: Imaging = IMAGING, seed: int = 1) -> ParticleSimulator:
    return ParticleSimulator(phantom_templates(imaging.box, None), imaging, seed)


@pytest.mark.parametrize("snr", [0.03, 0.5])
@pytest.mark.parametrize("class_name", ["rod", "hollow sphere"])
def test_the_signal_to_noise_ratio_is_the_one_asked_for(class_name: str, snr: float) -> None:
    """Two halves of opposite contrast share their noise, so half their difference is the signal and half their sum
    the noise, up to the normalisation of each."""
    dark = simulator(Imaging(box=24, snr=snr)).simulate(planned(class_name)).volume.astype(np.float64)
    bright = simulator(Imaging(box=24, snr=snr, dark=False)).simulate(planned(class_name)).volume.astype(np.float64)
    signal, noise = (dark - bright) / 2, (dark + bright) / 2
    assert signal.var() / noise.var() == pytest.approx(snr, rel=0.05)


def test_volumes_are_normalised_and_miss_the_wedge() -> None:
    volume = simulator().simulate(planned("barrel")).volume
    power = np.abs(np.fft.rfftn(volume)) ** 2
    mask = physics.wedge_mask(24, 60.0)
    assert volume.dtype == np.float32
    assert (volume.mean(), volume.std()) == (pytest.approx(0, abs=1e-6), pytest.approx(1, abs=1e-5))
    # The box is cut out of a larger one, so a little of the particle's spectrum leaks over the wedge's edge.
    assert power[mask == 0].mean() < 0.05 * power[mask == 1].mean()


def test_wedge_shift_and_neighbours_do_what_they_say() -> None:
    clean = Imaging(box=24, snr=1e6)
    seen = simulator(clean).simulate(planned("rod"))
    whole = simulator(replace(clean, wedge_degrees=90.0)).simulate(planned("rod"))
    still = simulator(replace(clean, max_shift=0.0)).simulate(planned("rod"))
    crowded = simulator(replace(clean, neighbours=5.0)).simulate(planned("rod"))

    outside = physics.wedge_mask(24, 60.0) == 0
    assert np.abs(np.fft.rfftn(whole.volume))[outside].mean() > 3 * np.abs(np.fft.rfftn(seen.volume))[outside].mean()
    assert not still.shift.any()
    assert 0 < np.abs(seen.shift).max() <= 2.0
    corner = (slice(0, 6), slice(0, 24), slice(0, 24))
    assert crowded.volume[corner].std() > 2 * seen.volume[corner].std()
    np.testing.assert_array_equal(crowded.rotation.as_matrix(), seen.rotation.as_matrix())


def test_a_particle_does_not_come_in_again_on_the_other_side() -> None:
    """Off-centre junk reaches over one side of the box; the side across stays as empty as the corners."""
    clean = simulator(Imaging(box=24, snr=1e6))
    for number in range(JUNK_KINDS.index("off-centre particle"), 24, len(JUNK_KINDS)):
        volume = np.abs(clean.simulate(planned(JUNK, number)).volume)
        heaviest = max(range(3), key=lambda axis: abs(_halves(volume, axis)))
        far = np.take(volume, range(3) if _halves(volume, heaviest) > 0 else range(21, 24), axis=heaviest)
        assert far.max() < 0.35 * volume.max()


def _halves(volume: np.ndarray, axis: int) -> float:
    first, second = np.split(volume, 2, axis=axis)
    return float((second**2).sum() - (first**2).sum())


@pytest.mark.parametrize(("kind", "stronger"), [("gold bead", 5.0), ("membrane", 2.5)])
def test_junk_is_of_four_kinds(kind: str, stronger: float) -> None:
    """Every kind differs from the noise alone, gold and membranes by much."""
    imaging = Imaging(box=24, snr=0.2)
    of_kind = planned(JUNK, JUNK_KINDS.index(kind) + 4)
    dark = simulator(imaging).simulate(of_kind).volume.astype(np.float64)
    bright = simulator(replace(imaging, dark=False)).simulate(of_kind).volume.astype(np.float64)
    assert ((dark - bright) / 2).var() / ((dark + bright) / 2).var() > 0.2 * stronger
    noise = simulator(imaging).simulate(planned(JUNK, JUNK_KINDS.index("noise")))
    assert np.abs(noise.volume).max() < 6


@settings(max_examples=15, deadline=None)
@given(
    counts=st.dictionaries(st.sampled_from(["rod", "barrel", "Y shape", "junk"]), st.integers(0, 30), min_size=1),
    seed=st.integers(0, 2**40),
    n_tomograms=st.integers(1, 9),
)
def test_plans_do_not_depend_on_the_order_of_the_counts(counts: dict[str, int], seed: int, n_tomograms: int) -> None:
    plan = plan_particles(counts, seed, n_tomograms, 24)
    turned = plan_particles(dict(reversed(counts.items())), seed, n_tomograms, 24)
    assert plan == turned
    assert len(plan) == sum(counts.values())
    assert [particle.tomogram for particle in plan] == sorted(particle.tomogram for particle in plan)


def test_more_of_one_class_changes_no_particle_of_another() -> None:
    few = simulate_pool(counts_per_class={"rod": 3, "barrel": 2}, box=20, seed=4)
    many = simulate_pool(counts_per_class={"barrel": 9, "rod": 3}, box=20, seed=4, junk_count=2)
    rods = [volume.tobytes() for volume, name in zip(few.volumes, few.class_names, strict=True) if name == "rod"]
    more = [volume.tobytes() for volume, name in zip(many.volumes, many.class_names, strict=True) if name == "rod"]
    assert rods == more
    assert len(set(rods)) == 3
    other_seed = simulate_pool(counts_per_class={"rod": 3, "barrel": 2}, box=20, seed=5)
    assert not np.array_equal(few.volumes, other_seed.volumes)


@pytest.mark.parametrize("stack", [False, True])
def test_a_data_set_is_a_relion_list_with_the_truth_beside_it(tmp_path: Path, stack: bool) -> None:
    told: list[tuple[int, int]] = []
    dataset = simulate_dataset(
        tmp_path / "out",
        counts_per_class={"rod": 4, "barrel": 3},
        box=20,
        seed=2,
        voxel_size=13.48,
        junk_count=4,
        n_tomograms=2,
        stack=stack,
        progress=lambda done, total: told.append((done, total)),
    )

    table = read_particle_star(dataset.star)
    with dataset.truth.open(newline="") as file:
        truth = list(csv.DictReader(file))
    pool = simulate_pool(counts_per_class={"rod": 4, "barrel": 3}, box=20, seed=2, junk_count=4, n_tomograms=2)

    assert dataset.counts == {"rod": 4, "barrel": 3, "junk": 4}
    assert dataset.total == len(table) == 11
    assert told == [(done, 11) for done in range(1, 12)]
    assert table.flavour == "relion-3.1"
    assert set(table.pixel_sizes()) == {13.48}
    assert set(table.tomogram_names()) == {"TS_001", "TS_002"}
    assert [row["name"] for row in truth] == table.rows["rlnImageName"].tolist()
    assert [row["class"] for row in truth] == pool.class_names
    # Voxel size changes the contrast transfer alone, so the pool of 10 Å differs; its files are read as they are.
    references = table.image_references()
    assert all((reference.index is not None) == stack for reference in references)
    cubes = [read_cube(dataset.star.parent / reference.path, reference.index) for reference in references]
    assert {cube.shape for cube in cubes} == {(20, 20, 20)}
    assert not any(name in dataset.star.read_text() for name in ("rod", "barrel", "junk"))


def test_memory_and_files_hold_the_same_volumes(tmp_path: Path) -> None:
    counts = {"Y shape": 2, "double ring": 3}
    dataset = simulate_dataset(tmp_path, counts_per_class=counts, box=20, snr=0.3, seed=9, n_tomograms=3)
    pool = simulate_pool(counts_per_class=counts, box=20, snr=0.3, seed=9, n_tomograms=3)
    references = read_particle_star(dataset.star).image_references()
    for reference, volume in zip(references, pool.volumes, strict=True):
        np.testing.assert_array_equal(read_cube(tmp_path / reference.path), volume)
    assert pool.voxel_size == dataset.voxel_size == 10.0
    assert len(pool.tomograms) == 5


def test_the_same_seed_gives_the_same_bytes(tmp_path: Path) -> None:
    for name in ("a", "b"):
        simulate_dataset(tmp_path / name, counts_per_class=2, box=20, seed=3, junk_count=2, stack=True)
    first = sorted(path.relative_to(tmp_path / "a") for path in (tmp_path / "a").rglob("*") if path.is_file())
    assert len(first) > 3
    for path in first:
        assert (tmp_path / "a" / path).read_bytes() == (tmp_path / "b" / path).read_bytes()


def test_angles_in_the_list_are_those_of_the_volumes(tmp_path: Path) -> None:
    dataset = simulate_dataset(tmp_path, counts_per_class={"rod": 3}, box=20, seed=3, n_tomograms=1)
    angles = read_particle_star(dataset.star).angles()
    assert angles is not None
    order = plan_particles({"rod": 3}, 3, 1, 20)
    made = [simulator(Imaging(box=20, snr=0.1), seed=3).simulate(particle) for particle in order]
    for row, particle in zip(angles, made, strict=True):
        difference = rotation_from_relion(row).inv() * particle.rotation
        assert difference.magnitude() < 1e-5


def test_files_are_not_written_over(tmp_path: Path) -> None:
    (tmp_path / "other.txt").touch()
    with pytest.raises(FolderNotEmpty, match="not empty"):
        simulate_dataset(tmp_path, counts_per_class=1, box=20)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"box": 4}, "at least 8 voxels"),
        ({"snr": 0.0}, "signal-to-noise"),
        ({"wedge_degrees": 0.0}, "largest tilt"),
        ({"wedge_degrees": 95.0}, "largest tilt"),
        ({"max_shift": -1.0}, "cannot be negative"),
        ({"neighbours": -1.0}, "cannot be negative"),
        ({"n_tomograms": 0}, "at least one tomogram"),
        ({"voxel_size": 0.0}, "voxel size must be positive"),
        ({"counts_per_class": 0}, "at least one particle"),
        ({"counts_per_class": {"rod": -1}}, "no negative number"),
        ({"counts_per_class": {"teapot": 1}}, "no template for teapot; there are barrel"),
    ],
)
def test_settings_that_make_no_sense_are_explained(tmp_path: Path, given: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        simulate_dataset(tmp_path / "out", **given)  # type: ignore[arg-type]
    assert not (tmp_path / "out").exists()


def test_no_template_may_be_called_junk() -> None:
    renamed = [replace(template, name=JUNK) for template in phantom_templates(20, None)[:1]]
    with pytest.raises(ValueError, match="cannot be called 'junk'"):
        ParticleSimulator(renamed, IMAGING, 0)


def test_the_demo_is_what_the_guide_says(tmp_path: Path) -> None:
    dataset = demo_dataset(tmp_path / "demo", seed=1)
    assert dataset.counts == DEMO_COUNTS | {JUNK: DEMO_JUNK}
    assert dataset.total == 600
    table = read_particle_star(dataset.star)
    assert len(set(table.tomogram_names())) == 6
    first = table.image_references()[0]
    assert read_cube(tmp_path / "demo" / first.path, first.index).shape == (28, 28, 28)


@pytest.mark.skipif(not REAL_MAPS.is_dir(), reason="the folder of real density maps is absent")
def test_real_density_maps_make_a_data_set(tmp_path: Path) -> None:
    dataset = simulate_dataset(tmp_path, templates=REAL_MAPS, counts_per_class=1, box=32, snr=0.1, seed=1)
    assert len(dataset.counts) == 12
    assert dataset.voxel_size == pytest.approx(10.0)
    assert len(read_particle_star(dataset.star)) == 12
