"""Which class a particle is exported as, who decided it, which filters take it, and what is expected to be right."""

from pathlib import Path

import numpy as np
import pytest
from fixtures.export_world import ExportWorld, build_export_world
from fixtures.particle_files import write_particles
from scipy.stats import binomtest

from tomosift.exports.outcome import class_names, decide
from tomosift.exports.precision import FEWEST_TO_RELY_ON, estimate
from tomosift.exports.preview import Known, KnownPools, preview, read_known, see_one_moment
from tomosift.exports.schemas import Choice, ExportPreview
from tomosift.kit.database import transaction
from tomosift.kit.problems import ProblemError
from tomosift.kit.settings import Settings

RIBOSOME, PROTEASOME, JUNK = (9.0, 0.0, 0.0), (0.0, 9.0, 0.0), (0.0, 0.0, 9.0)


@pytest.fixture
def world(settings: Settings, tmp_path: Path, clean_database: str) -> ExportWorld:
    made = build_export_world()
    made.import_list(write_particles(tmp_path, 12).star)
    return made


def known_of(world: ExportWorld, cycle: int | None = None) -> Known:
    with transaction() as session:
        see_one_moment(session)
        return read_known(session, world.project_id, cycle, world.artifacts)


def look(world: ExportWorld, **choice: object) -> ExportPreview:
    return preview(known_of(world), Choice.model_validate(choice))


def selected(world: ExportWorld, **choice: object) -> dict[int, str]:
    """Place among the world's ids → exported class, of the selected particles."""
    known = known_of(world)
    outcome = decide(known.facts, known.predictions, Choice.model_validate(choice))
    names = class_names(known.facts)
    return {
        world.ids.index(int(each)): names[int(code)]
        for each, code, taken in zip(known.facts.ids, outcome.codes, outcome.selected, strict=True)
        if taken
    }


def test_what_people_say_comes_before_what_the_model_says(world: ExportWorld) -> None:
    world.predict(dict.fromkeys(world.ids[:6], RIBOSOME))
    world.label(world.ids[:1], "proteasome")
    world.label(world.ids[1:2], "unsure")
    world.label(world.ids[2:3], "skip")
    world.label(world.ids[7:8], "junk", "importer")

    both = selected(world)
    assert [both[place] for place in range(4)] == ["proteasome", "unsure", "ribosome", "ribosome"]
    assert (both[7], both[8]) == ("junk", "unlabeled")
    assert selected(world, classes_from="labels", filters={"classes": ["ribosome"]}) == {}
    assert list(selected(world, classes_from="predictions", filters={"classes": ["ribosome"]})) == list(range(6))
    assert list(selected(world, filters={"decided_by": ["importer"]})) == [7]
    assert list(selected(world, filters={"decided_by": ["expert"]})) == [0, 1]
    assert list(selected(world, filters={"decided_by": ["model"]})) == [2, 3, 4, 5]
    assert list(selected(world, filters={"classes": [str(world.class_ids["proteasome"]), "UNSURE"]})) == [0, 1]
    assert list(selected(world, filters={"tomograms": ["TS_1"], "classes": ["unlabeled"]})) == [10]


def test_confidence_holds_for_the_model_and_agreement_for_people(world: ExportWorld) -> None:
    world.predict({world.ids[0]: (2.0, 0.0, 0.0), world.ids[1]: RIBOSOME, world.ids[2]: RIBOSOME})
    world.label(world.ids[2:4], "proteasome", "ben")
    world.label(world.ids[3:4], "ribosome", "ada")

    sure = {"classes": ["ribosome", "proteasome"], "min_confidence": 0.9}
    assert list(selected(world, filters=sure)) == [1, 2, 3]
    assert list(selected(world, filters={"classes": ["ribosome", "proteasome"], "min_agreement": 0.6})) == [0, 1, 2]
    assert list(selected(world, filters={"annotators": ["exports-ben"]})) == [2, 3]
    assert list(selected(world, filters={"annotators": ["exports-ada"]})) == [3]


def test_confidence_is_calibrated_and_of_the_cycle_asked_for(world: ExportWorld) -> None:
    world.predict({world.ids[0]: (0.0, 4.0, 0.0)}, temperature=2.0)
    world.predict({world.ids[0]: (4.0, 0.0, 0.0)}, temperature=None)

    first, newest = known_of(world, 1).predictions, known_of(world).predictions

    assert first.confidence[0] == pytest.approx(np.exp(2) / (np.exp(2) + 2))
    assert newest.confidence[0] == pytest.approx(np.exp(4) / (np.exp(4) + 2))
    assert (first.codes[0], newest.codes[0]) == (2, 1)
    assert np.isnan(first.confidence[1:]).all()
    with pytest.raises(ProblemError) as problem:
        known_of(world, 3)
    assert problem.value.status == 404


def test_evaluation_items_that_were_not_scored_have_predictions_of_their_own(world: ExportWorld) -> None:
    world.predict({world.ids[0]: RIBOSOME}, evaluation={world.ids[5]: JUNK, world.ids[6]: PROTEASOME})

    predictions = known_of(world).predictions

    assert predictions.codes.tolist() == [1, 0, 0, 0, 0, -1, 2, 0, 0, 0, 0, 0]


def test_predictions_that_came_with_the_import_serve_until_there_is_a_cycle(world: ExportWorld) -> None:
    from tomosift.tables import Subtomogram

    with transaction() as session:
        row = session.get_one(Subtomogram, world.ids[4])
        row.predicted_class_id, row.predicted_confidence = world.class_ids["proteasome"], 0.75

    assert look(world).predictions.kind == "import"
    assert selected(world, filters={"min_confidence": 0.7, "classes": ["proteasome"]}) == {4: "proteasome"}
    world.predict({world.ids[0]: RIBOSOME})
    assert look(world).predictions.model_dump() == {"kind": "cycle", "cycle": 1, "calibrated": True, "scored": 1}
    assert list(selected(world, filters={"classes": ["ribosome", "proteasome"]})) == [0]


def test_a_name_nobody_has_is_told(world: ExportWorld) -> None:
    for filters in ({"classes": ["ribozome"]}, {"annotators": ["carl"]}, {"tomograms": ["TS_9"]}):
        with pytest.raises(ProblemError) as problem:
            look(world, filters=filters)
        assert next(iter(filters.values()))[0] in problem.value.detail


def test_expected_precision_is_of_the_reporting_half_alone(world: ExportWorld) -> None:
    world.predict(dict.fromkeys(world.ids, RIBOSOME))
    world.sample(world.ids[:4], "report")
    world.sample(world.ids[4:8], "calibrate")
    world.label(world.ids[:3], "ribosome")
    world.label(world.ids[3:4], "junk")
    world.label(world.ids[4:8], "junk")

    rows = {each.name: each for each in look(world, classes_from="predictions").classes}

    precision = rows["ribosome"].precision
    assert precision is not None
    exact = binomtest(3, 4).proportion_ci(method="exact")
    assert (precision.n, precision.share) == (4, 0.75)
    assert (precision.low, precision.high) == (pytest.approx(exact.low), pytest.approx(exact.high))
    assert "too few" in (precision.note or "")
    assert rows["ribosome"].count == 12
    assert rows["proteasome"].precision is None, "nothing was predicted so"
    assert "75 % expected to be right" in rows["ribosome"].note


def test_unsure_evaluation_items_and_unlabeled_ones_do_not_count(world: ExportWorld) -> None:
    world.predict(dict.fromkeys(world.ids, RIBOSOME))
    world.sample(world.ids[:4])
    world.label(world.ids[:1], "unsure")
    world.label(world.ids[1:2], "ribosome")

    (first, *_) = look(world, classes_from="predictions").classes

    assert first.precision is not None
    assert (first.precision.n, first.precision.share) == (1, 1.0)


def test_thresholds_tell_how_many_and_how_good(world: ExportWorld) -> None:
    unsure = dict.fromkeys(world.ids[:6], (1.0, 0.0, 0.0))
    world.predict({**unsure, **dict.fromkeys(world.ids[6:], RIBOSOME)})
    world.sample([*world.ids[:2], *world.ids[6:8]])
    world.label(world.ids[:2], "junk")
    world.label(world.ids[6:8], "ribosome")

    rows = {row.confidence: row for row in look(world, classes_from="predictions").thresholds}

    assert (rows[0.5].count, rows[0.99].count) == (12, 6)
    assert rows[0.5].precision is not None
    assert rows[0.99].precision is not None
    assert (rows[0.5].precision.share, rows[0.99].precision.share) == (0.5, 1.0)
    assert look(world, classes_from="predictions", filters={"min_confidence": 0.99}).chosen == rows[0.99]
    assert look(world, classes_from="predictions").chosen.count == 12


def test_several_opinions_are_told_and_not_called_right(world: ExportWorld) -> None:
    world.label(world.ids[:3], "ribosome", "ada")
    world.label(world.ids[:1], "junk", "ben")
    world.label(world.ids[1:2], "ribosome", "ben")

    rows = {each.name: each for each in look(world).classes}

    assert rows["junk"].rechecked is not None
    assert rows["junk"].rechecked.model_dump() == {"agree": 0, "of": 1}
    assert rows["ribosome"].note == "2 decided by experts; 1 of 1 with several opinions agree"
    assert rows["ribosome"].precision is None


@pytest.mark.parametrize(("hits", "n"), [(0, 30), (30, 30), (17, 30), (1, 2)])
def test_the_interval_is_clopper_and_pearsons(hits: int, n: int) -> None:
    right = np.arange(n) < hits
    exact = binomtest(hits, n).proportion_ci(method="exact")

    for scale in (1.0, 3.5):
        found = estimate(right, np.full(n, scale))
        assert (found.low, found.high) == (pytest.approx(exact.low), pytest.approx(exact.high))
        assert (found.note is None) == (n >= FEWEST_TO_RELY_ON)


def test_unequal_weights_widen_the_interval() -> None:
    right = np.arange(40) < 30
    plain = estimate(right, np.ones(40))
    weighted = estimate(right, np.where(np.arange(40) % 2, 4.0, 0.25))
    assert plain.low is not None
    assert weighted.low is not None
    assert weighted.low < plain.low


def test_what_was_read_is_kept_until_something_changes(world: ExportWorld) -> None:
    pools = KnownPools()

    def read() -> Known:
        with transaction() as session:
            see_one_moment(session)
            return pools.read(session, world.project_id, None, world.artifacts)

    first = read()
    assert read() is first
    world.label(world.ids[:1], "ribosome")
    second = read()
    assert second is not first
    world.predict({world.ids[0]: RIBOSOME})
    assert read() is not second


def test_a_large_pool_keeps_its_order_and_its_opinions(world: ExportWorld) -> None:
    """More rows than a block of the copy holds, in two sources, and names that need care."""
    from sqlalchemy import text

    with transaction() as session:
        session.execute(
            text(
                "INSERT INTO subtomogram (project_id, source_id, source_row, name, tomogram, content_hash, identity) "
                "SELECT project_id, source_id, 200000 - n, 'n', E'TS \"' || n % 7 || E'\"\\n,x', '0', "
                "decode(lpad(to_hex(n), 32, '0'), 'hex') FROM subtomogram, generate_series(1, 150000) n WHERE id = :id"
            ),
            {"id": world.ids[0]},
        )
    facts = known_of(world).facts
    assert len(facts) == 150_012
    assert (np.diff(facts.rows) > 0).all()
    names = {facts.tomogram_names[each] for each in facts.tomograms[12:]}
    assert names == {f'TS "{n}"\n,x' for n in range(7)}
