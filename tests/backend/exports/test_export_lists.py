"""Lists that come out: every column in its place, the right rows in the right files."""

import json
from pathlib import Path

import pandas as pd
import pytest
from fixtures.export_world import ExportWorld, build_export_world
from fixtures.particle_files import COLUMNS, write_particles
from sqlalchemy import select

from tomosift.formats.star import read_particle_star
from tomosift.formats.star_blocks import LoopBlock, read_star_blocks
from tomosift.kit.database import transaction
from tomosift.kit.settings import Settings
from tomosift.tables import JobLogLine

pytestmark = pytest.mark.usefixtures("clean_database")

REAL = Path(__file__).parents[4] / "shared" / "data" / "formats"


@pytest.fixture
def world(settings: Settings) -> ExportWorld:
    return build_export_world()


def table(data: bytes, folder: Path) -> pd.DataFrame:
    """The particles of an exported STAR."""
    path = folder / "exported.star"
    path.write_bytes(data)
    return read_particle_star(path).rows


def tokens(path: Path) -> list[list[str]]:
    """A STAR file's lines as values; comments and the numbers behind column names left out."""
    lines = [line.split("#")[0].split() for line in path.read_text().splitlines()]
    return [line for line in lines if line]


def test_a_list_exported_unchanged_is_the_same_list(world: ExportWorld, tmp_path: Path) -> None:
    star = write_particles(tmp_path / "in").star
    world.import_list(star)
    world.label(world.ids[:3], "ribosome")

    files = world.exported(columns=[], class_number="keep")

    (tmp_path / "out.star").write_bytes(files["particles.star"])
    assert tokens(tmp_path / "out.star") == tokens(star)
    assert sorted(files) == ["README.txt", "classes.star", "manifest.json", "particles.star"]


@pytest.mark.parametrize("name", ["relion_3.1_optics2.star", "relion_4.0.star"])
@pytest.mark.skipif(not REAL.is_dir(), reason="the real files are not on this computer")
def test_real_lists_differ_only_in_class_and_added_columns(world: ExportWorld, tmp_path: Path, name: str) -> None:
    ids = world.import_list(REAL / name)
    world.label(ids[1:2], "proteasome")
    before = read_particle_star(REAL / name)

    files = world.exported(columns=["label", "decided-by"])

    (tmp_path / name).write_bytes(files[name.replace("star", "star")])
    after = read_particle_star(tmp_path / name)
    assert after.columns == [*before.columns, "tomosiftLabel", "tomosiftDecidedBy"]
    same = [column for column in before.columns if column != "rlnClassNumber"]
    pd.testing.assert_frame_equal(after.rows[same], before.rows[same])
    assert after.blocks == before.blocks
    assert after.rows["rlnClassNumber"].tolist()[:3] == ["0", "2", "0"]
    assert after.rows["tomosiftLabel"].tolist()[:3] == ["none", "proteasome", "none"]


def test_one_file_per_class(world: ExportWorld, tmp_path: Path) -> None:
    world.import_list(write_particles(tmp_path / "in").star)
    world.label(world.ids[:3], "ribosome")
    world.label(world.ids[5:7], "proteasome")
    world.label(world.ids[7:8], "junk")

    files = world.exported(
        layout="per-class", columns=["label"], filters={"classes": ["ribosome", "Proteasome", "junk"]}
    )

    lists = {name: table(data, tmp_path) for name, data in files.items() if name.startswith("particles")}
    assert {name: rows["labNote"].tolist() for name, rows in lists.items()} == {
        "particles_ribosome.star": ["0-0", "0-1", "0-2"],
        "particles_proteasome.star": ["0-5", "0-6"],
        "particles_junk.star": ["0-7"],
    }
    assert lists["particles_proteasome.star"]["rlnClassNumber"].tolist() == ["2", "2"]
    assert lists["particles_junk.star"]["rlnClassNumber"].tolist() == ["3"]
    manifest = json.loads(files["manifest.json"])
    assert {each["path"]: each["particles"] for each in manifest["files"] if each["particles"]} == {
        "particles_ribosome.star": 3,
        "particles_proteasome.star": 2,
        "particles_junk.star": 1,
    }
    assert manifest["class_set"]["numbers"] == {"1": "ribosome", "2": "proteasome", "3": "junk"}
    (tmp_path / "classes.star").write_bytes(files["classes.star"])
    (classes,) = read_star_blocks(tmp_path / "classes.star")
    assert isinstance(classes, LoopBlock)
    assert classes.rows.to_numpy().tolist() == [["1", "ribosome"], ["2", "proteasome"], ["3", "junk"]]


def test_the_selection_and_its_inverse_are_the_whole_list(world: ExportWorld, tmp_path: Path) -> None:
    world.import_list(write_particles(tmp_path / "in", 30).star)
    world.label(world.ids[::4], "ribosome")

    files = world.exported(layout="selection-and-rest", filters={"classes": ["ribosome"]})

    selected, rest = (table(files[f"particles_{part}.star"], tmp_path) for part in ("selected", "rest"))
    assert selected["labNote"].tolist() == [f"0-{row}" for row in range(0, 30, 4)]
    assert sorted([*selected["labNote"], *rest["labNote"]]) == sorted(f"0-{row}" for row in range(30))


def test_lists_alike_share_a_file_and_others_get_their_own(world: ExportWorld, tmp_path: Path) -> None:
    world.import_list(write_particles(tmp_path / "a", 5, seed=1).star)
    world.import_list(write_particles(tmp_path / "b", 4, seed=2, optics=None).star)
    world.import_list(write_particles(tmp_path / "c", 6, seed=3).star)

    files = world.exported(columns=[])

    assert table(files["particles.star"], tmp_path)["labNote"].tolist() == [
        *(f"1-{row}" for row in range(5)),
        *(f"3-{row}" for row in range(6)),
    ]
    assert table(files["particles_2.star"], tmp_path)["labNote"].tolist() == [f"2-{row}" for row in range(4)]


def test_columns_of_an_earlier_export_are_renewed_in_their_places(world: ExportWorld, tmp_path: Path) -> None:
    world.import_list(write_particles(tmp_path / "in").star)
    world.label(world.ids[:1], "ribosome")
    first = world.exported(columns=["label", "confidence"])["particles.star"]
    again = build_export_world("again")
    (tmp_path / "again.star").write_bytes(first)
    again.import_list(tmp_path / "again.star")
    again.label(again.ids[1:2], "proteasome")

    rows = table(again.exported(columns=["confidence", "label", "annotators"])["again.star"], tmp_path)

    assert list(rows.columns) == [
        *COLUMNS,
        "rlnClassNumber",
        "tomosiftLabel",
        "tomosiftConfidence",
        "tomosiftAnnotators",
    ]
    assert rows["tomosiftLabel"].tolist()[:3] == ["none", "proteasome", "none"]
    assert rows["tomosiftAnnotators"].tolist()[:3] == ["none", "Ada L", "none"]


def test_another_format_holds_the_same_places(world: ExportWorld, tmp_path: Path) -> None:
    world.import_list(write_particles(tmp_path / "in").star)
    world.label(world.ids[:2], "ribosome")

    data = world.exported(format="csv", columns=["label"])["particles.csv"]

    (tmp_path / "out.csv").write_bytes(data)
    rows = pd.read_csv(tmp_path / "out.csv")
    assert rows["x"].tolist()[:2] == [0.5, 1.5]
    assert rows["tomogram"].tolist()[:2] == ["TS_0", "TS_1"]
    assert rows["class"].tolist()[:3] == [1, 1, 0]
    assert rows["tomosiftLabel"].tolist()[:3] == ["ribosome", "ribosome", "none"]


def test_a_format_that_needs_places_says_so(world: ExportWorld, tmp_path: Path) -> None:
    (tmp_path / "bare.csv").write_text("image,note\na.mrc,1\nb.mrc,2\n")
    world.import_list(tmp_path / "bare.csv")

    job = world.export(format="relion")

    assert job.state == "failed"
    assert "no position in a tomogram" in (job.problem or {})["detail"]
    folder = world.artifacts.local_path(f"exports/{job.id}/1")
    assert folder is not None
    assert not folder.exists(), "nothing of it stays"


def test_zeros_for_places_that_are_not_known_are_told(world: ExportWorld, tmp_path: Path) -> None:
    """RELION 5 counts from the middle of tomograms, whose size only tomograms.star or the tomograms tell."""
    world.import_list(write_particles(tmp_path / "in", 3).star)
    rows = "".join(f"TS_9 {n}.5 0.0 1.0\n" for n in (1, 2))
    names = ["rlnTomoName", *(f"rlnCenteredCoordinate{axis}Angst" for axis in "XYZ")]
    (tmp_path / "centred.star").write_text("data_particles\nloop_\n" + "".join(f"_{n}\n" for n in names) + rows)
    world.import_list(tmp_path / "centred.star")

    job = world.export(format="dynamo")

    assert job.state == "succeeded", job.problem
    folder = world.artifacts.local_path(f"exports/{job.id}/1")
    assert folder is not None
    manifest = json.loads((folder / "manifest.json").read_bytes())
    assert (manifest["particles"]["written"], manifest["particles"]["without_position"]) == (5, 2)
    readme = (folder / "README.txt").read_text()
    assert "2 particles have no known position in their tomogram" in readme
    assert "count voxels of 10 Å" in readme
    with transaction() as session:
        warned = session.scalars(select(JobLogLine.message).where(JobLogLine.level == "warning")).all()
    assert ["2 particles have no known position" in each for each in warned] == [True]
    places = [line.split()[23:26] for line in (folder / "particles.tbl").read_text().splitlines()]
    assert places[3:] == [["0", "0", "0"]] * 2
    assert places[0] != ["0", "0", "0"]
