"""A database filled by the schema of release 0002 comes to today's without losing or changing a row."""

import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from sqlalchemy import Connection, NullPool, create_engine, inspect, text

from tomosift.kit import migrations
from tomosift.supervisor.problems import StartProblem
from tomosift.supervisor.schema_update import bring_up_to_date

FILLED = "0002"
# Rows of every table of 0002, in the order of their references; kinds and states of every sort that a rule may touch.
ROWS = """
INSERT INTO user_account (id, name, display_name, is_admin) VALUES
    ('00000000-0000-0000-0000-000000000001', 'ada', 'Ada L.', true),
    ('00000000-0000-0000-0000-000000000002', 'Bob', 'Bob', false);
INSERT INTO user_account (id, name, display_name, kind, is_active) VALUES
    ('00000000-0000-0000-0000-000000000003', 'RELION Class3D', 'RELION', 'importer', false);
INSERT INTO browser_session (id, user_id, token_hash, user_agent, expires_at) VALUES
    (gen_random_uuid(), '00000000-0000-0000-0000-000000000001', '\\x01', 'Firefox', now() + interval '1 day'),
    (gen_random_uuid(), '00000000-0000-0000-0000-000000000002', '\\x02', NULL, now() - interval '1 day');
INSERT INTO sign_in_link (id, user_id, token_hash, expires_at, used_at) VALUES
    (gen_random_uuid(), '00000000-0000-0000-0000-000000000002', '\\x03', now(), now());
INSERT INTO access_token (id, user_id, name, prefix, token_hash, scope) VALUES
    (gen_random_uuid(), '00000000-0000-0000-0000-000000000001', 'nightly', 'tms_abcd', '\\x04', 'write');
INSERT INTO project (id, slug, name, settings, class_set_version, version, box_size, voxel_size_angstrom) VALUES
    ('00000000-0000-0000-0000-00000000000a', 'ribosomes', 'Ribosomes', '{"batch_size": 60}', 2, 4, 32, 13.5),
    ('00000000-0000-0000-0000-00000000000b', 'empty', 'Ünfilled', '{}', 1, 1, NULL, NULL);
INSERT INTO project_member (project_id, user_id, role) VALUES
    ('00000000-0000-0000-0000-00000000000a', '00000000-0000-0000-0000-000000000001', 'owner'),
    ('00000000-0000-0000-0000-00000000000a', '00000000-0000-0000-0000-000000000002', 'viewer');
INSERT INTO particle_class (id, project_id, position, name, color, added_in_version, retired_in_version) VALUES
    ('00000000-0000-0000-0000-0000000000c1', '00000000-0000-0000-0000-00000000000a', 0, 'ribosome', '#0072b2', 1, NULL),
    ('00000000-0000-0000-0000-0000000000c2', '00000000-0000-0000-0000-00000000000a', 1, 'old', '#d55e00', 1, 2);
INSERT INTO job (id, project_id, kind, task, queue, state, payload, problem) VALUES
    ('00000000-0000-0000-0000-0000000000e1', '00000000-0000-0000-0000-00000000000a', 'cycle', 't', 'gpu', 'succeeded',
     '{}', NULL),
    ('00000000-0000-0000-0000-0000000000e2', NULL, 'import', 't', 'cpu', 'failed', '{"a": [1]}', '{"title": "No"}');
INSERT INTO job_log_line (job_id, level, message) VALUES
    ('00000000-0000-0000-0000-0000000000e1', 'info', 'step 1');
INSERT INTO outbox_message (task, queue, arguments, sent_at) VALUES ('t', 'cpu', '{}', NULL), ('t', 'gpu', '{}', now());
INSERT INTO worker_node (id, hostname, queue, device, device_name, versions, catalogue) VALUES
    ('w', 'h', 'gpu', 'cpu', 'CPU', '{}', '{}');
INSERT INTO upload (id, project_id, user_id, expires_at) VALUES
    (gen_random_uuid(), '00000000-0000-0000-0000-00000000000a', '00000000-0000-0000-0000-000000000001', now());
INSERT INTO source (id, project_id, name, flavour, checksum, row_count, box_size, columns, blocks, table_key,
                    volumes_key) VALUES
    ('00000000-0000-0000-0000-0000000000f1', '00000000-0000-0000-0000-00000000000a', 'p.star', 'relion-3.1', 'c', 3, 32,
     '["rlnImageName"]', '{}', 'k', 'v');
INSERT INTO tomogram (id, project_id, name, location, shape_zyx, voxel_size_angstrom) VALUES
    (gen_random_uuid(), '00000000-0000-0000-0000-00000000000a', 'TS_01', '{"path": "/x"}', '[10, 20, 30]', 10);
INSERT INTO subtomogram (project_id, source_id, source_row, name, tomogram, content_hash, identity)
    SELECT '00000000-0000-0000-0000-00000000000a', '00000000-0000-0000-0000-0000000000f1', n, 'TS_01/' || n, 'TS_01',
           'h' || n, decode(lpad(n::text, 32, '0'), 'hex')
    FROM generate_series(0, 2) n;
INSERT INTO cycle (id, project_id, number, job_id, stage, settings, trigger, class_set_version, label_snapshot_event_id)
    VALUES ('00000000-0000-0000-0000-0000000000d1', '00000000-0000-0000-0000-00000000000a', 1,
            '00000000-0000-0000-0000-0000000000e1', 'ready', '{}', '{"kind": "manual"}', 2, 1);
INSERT INTO evaluation_item (subtomogram_id, project_id, half)
    SELECT id, project_id, 'report' FROM subtomogram WHERE source_row = 2;
INSERT INTO model (id, project_id, cycle_id, key, checksum, network, parameter_count, classes, description)
    SELECT gen_random_uuid(), project_id, id, 'k', 'c', 'r', 9, '[]', '{}' FROM cycle;
INSERT INTO queue_item (project_id, subtomogram_id, work, position, state, closed_at, reason, score)
    SELECT project_id, id, (ARRAY['query', 'recheck', 'evaluation'])[source_row + 1], source_row,
           (ARRAY['done', 'open', 'superseded'])[source_row + 1], now(), '{"text": "why"}', 0.25
    FROM subtomogram;
INSERT INTO label_event (project_id, subtomogram_id, user_id, kind, class_id, class_set_version, work, queue_item_id,
                         idempotency_key, payload_hash, response, comment, late)
    SELECT q.project_id, q.subtomogram_id, '00000000-0000-0000-0000-000000000002', said.kind, class_id::uuid, 2,
           said.work, q.id, 'key-' || said.kind, '\\x05', '{}', 'hm', said.kind = 'skip'
    FROM queue_item q,
         (VALUES ('class', '00000000-0000-0000-0000-0000000000c2', 'query'), ('unsure', NULL, 'import'),
                 ('junk', NULL, 'choice'), ('skip', NULL, 'adjudication')) AS said (kind, class_id, work)
    WHERE q.position = 0;
INSERT INTO label_event (project_id, subtomogram_id, user_id, kind, class_set_version, work, undoes_event_id,
                         idempotency_key, payload_hash, response)
    SELECT project_id, subtomogram_id, user_id, 'undo', 2, work, id, 'key-undo', '\\x06', '{}'
    FROM label_event WHERE kind = 'skip';
INSERT INTO lease (project_id, queue_item_id, subtomogram_id, user_id, expires_at, ended_at, outcome)
    SELECT project_id, id, subtomogram_id, '00000000-0000-0000-0000-000000000001', now(),
           CASE WHEN state = 'open' THEN NULL ELSE now() END, CASE WHEN state = 'open' THEN NULL ELSE 'decided' END
    FROM queue_item;
INSERT INTO current_label (subtomogram_id, project_id, kind, class_id, rule, event_id, opinion_count)
    SELECT subtomogram_id, project_id, kind, class_id, 'newest', id, 1 FROM label_event WHERE kind = 'class';
"""


@pytest.fixture
def connection(empty_database: str) -> Iterator[Connection]:
    """A connection to a database of schema 0002 with rows in every table."""
    command.upgrade(migrations.alembic_config(empty_database), FILLED)
    engine = create_engine(empty_database, poolclass=NullPool)
    with engine.connect() as connection:
        connection.execute(text(ROWS.replace(":", r"\:")))
        connection.commit()
        yield connection


def rows_of(connection: Connection) -> dict[str, list[dict[str, Any]]]:
    """Every row of every table, as JSON."""
    tables = set(inspect(connection).get_table_names()) - {"alembic_version"}
    return {
        table: list(connection.scalars(text(f'SELECT to_jsonb(t) FROM "{table}" t ORDER BY to_jsonb(t)::text')))
        for table in tables
    }


def test_no_row_is_lost_or_changed(empty_database: str, connection: Connection) -> None:
    before = rows_of(connection)
    connection.commit()
    assert all(before.values()), [table for table, rows in before.items() if not rows]
    migrations.upgrade_to_head(empty_database)
    after = rows_of(connection)
    for table, rows in before.items():
        kept = [{name: row[name] for name in rows[0]} for row in after[table]]
        assert not [row for row in rows if row not in kept], table


def test_a_table_in_use_stops_the_upgrade_in_time_and_says_so(
    empty_database: str, connection: Connection, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    scripts = tmp_path / "scripts"
    shutil.copytree(migrations.scripts_folder(), scripts, ignore=shutil.ignore_patterns("__pycache__"))
    environment = scripts / "env.py"
    environment.write_text(re.sub('LOCK_TIMEOUT = ".*"', 'LOCK_TIMEOUT = "300ms"', environment.read_text()))
    monkeypatch.setattr(migrations, "scripts_folder", lambda: scripts)
    connection.execute(text("SELECT count(*) FROM label_event"))  # a transaction that stays open, with its lock
    with pytest.raises(StartProblem, match=r"in use by another program.*nothing was changed"):
        bring_up_to_date(empty_database, server_major=server_major(connection), dumps=tmp_path)
    connection.commit()
    assert migrations.current_revision(empty_database) == FILLED


def server_major(connection: Connection) -> int:
    return int(connection.scalar(text("SHOW server_version_num")) or 0) // 10_000
