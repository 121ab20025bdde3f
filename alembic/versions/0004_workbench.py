"""What the workbench shows and does: memory of workers' devices, the serving model, what starts cycles, predictions."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

# A list of what nobody has labeled reads rows of its own: passing over the labeled ones took seconds in a big pool.
# Kept here, not by each writer of labels. A label that goes together with its subtomogram leaves nothing behind.
NOTE_NEW_SUBTOMOGRAMS = """
CREATE FUNCTION note_new_subtomograms() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO unlabeled_subtomogram (subtomogram_id, project_id) SELECT n.id, n.project_id FROM new_rows n;
    RETURN NULL;
END
$$
"""
NOTE_NEW_LABELS = """
CREATE FUNCTION note_new_labels() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM unlabeled_subtomogram u USING new_rows n WHERE u.subtomogram_id = n.subtomogram_id;
    RETURN NULL;
END
$$
"""
NOTE_LOST_LABELS = """
CREATE FUNCTION note_lost_labels() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO unlabeled_subtomogram (subtomogram_id, project_id)
    SELECT o.subtomogram_id, o.project_id FROM old_rows o JOIN subtomogram s ON s.id = o.subtomogram_id
    ON CONFLICT DO NOTHING;
    RETURN NULL;
END
$$
"""
UNLABELED_TRIGGERS = (
    "CREATE TRIGGER subtomogram_is_unlabeled AFTER INSERT ON subtomogram REFERENCING NEW TABLE AS new_rows "
    "FOR EACH STATEMENT EXECUTE FUNCTION note_new_subtomograms()",
    "CREATE TRIGGER current_label_is_new AFTER INSERT ON current_label REFERENCING NEW TABLE AS new_rows "
    "FOR EACH STATEMENT EXECUTE FUNCTION note_new_labels()",
    "CREATE TRIGGER current_label_is_lost AFTER DELETE ON current_label REFERENCING OLD TABLE AS old_rows "
    "FOR EACH STATEMENT EXECUTE FUNCTION note_lost_labels()",
)
FIND_UNLABELED = """
INSERT INTO unlabeled_subtomogram (subtomogram_id, project_id)
SELECT s.id, s.project_id FROM subtomogram s
WHERE NOT EXISTS (SELECT 1 FROM current_label l WHERE l.subtomogram_id = s.id)
"""
# What earlier cycles' models say lies in the store: a job puts it into rows; the service sends it by itself.
STORE_PREDICTIONS = """
INSERT INTO job (id, project_id, kind, task, queue)
SELECT gen_random_uuid(), c.project_id, 'predictions', 'tomosift.store_predictions', 'cpu'
FROM cycle c JOIN model m ON m.cycle_id = c.id WHERE c.stage = 'ready' GROUP BY c.project_id
"""


# Memberships are changed by the version that was read; each gets its own, also those that are there.
MEMBER_VERSIONS = (
    "CREATE SEQUENCE project_member_version",
    "ALTER TABLE project_member ADD COLUMN version bigint NOT NULL DEFAULT nextval('project_member_version')",
    "ALTER TABLE project_member ALTER COLUMN version DROP DEFAULT",
)


def upgrade() -> None:
    for statement in MEMBER_VERSIONS:
        op.execute(statement)
    op.add_column("worker_node", sa.Column("memory_bytes", sa.BigInteger(), nullable=True))
    op.add_column(
        "label_event", sa.Column("suggestion_shown", sa.Boolean(), server_default=sa.text("false"), nullable=False)
    )
    op.create_table(
        "model_choice",
        sa.Column("project_id", sa.Uuid(), nullable=False),
        sa.Column("cycle_id", sa.Uuid(), nullable=False),
        sa.Column("passed_up_to", sa.Integer(), nullable=False),
        sa.Column("chosen_by", sa.Uuid(), nullable=True),
        sa.Column("chosen_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(
            ["project_id"], ["project.id"], name=op.f("fk_model_choice_project_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["cycle_id"], ["cycle.id"], name=op.f("fk_model_choice_cycle_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(
            ["chosen_by"], ["user_account.id"], name=op.f("fk_model_choice_chosen_by"), ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("project_id", name=op.f("pk_model_choice")),
    )
    op.create_index(op.f("ix_model_choice_cycle_id"), "model_choice", ["cycle_id"])
    op.create_table(
        "cycle_trigger",
        sa.Column("project_id", sa.Uuid(), nullable=False),
        sa.Column("after_labels", sa.Integer(), nullable=True),
        sa.Column("nightly_at", sa.String(), nullable=True),
        sa.Column("time_zone", sa.String(), server_default="UTC", nullable=False),
        sa.Column("settings", postgresql.JSONB(), server_default="{}", nullable=False),
        sa.Column("night", sa.DateTime(timezone=True), nullable=True),
        sa.Column("paused_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("pause_reason", sa.String(), nullable=True),
        sa.Column("set_by", sa.Uuid(), nullable=True),
        sa.Column("set_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("after_labels > 0", name=op.f("ck_cycle_trigger_after_labels")),
        sa.ForeignKeyConstraint(
            ["project_id"], ["project.id"], name=op.f("fk_cycle_trigger_project_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["set_by"], ["user_account.id"], name=op.f("fk_cycle_trigger_set_by"), ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("project_id", name=op.f("pk_cycle_trigger")),
    )
    op.create_table(
        "prediction",
        sa.Column("cycle_id", sa.Uuid(), nullable=False),
        sa.Column("subtomogram_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("output", sa.SmallInteger(), nullable=False),
        sa.Column("confidence", sa.REAL(), nullable=False),
        sa.Column("score", sa.REAL(), nullable=True),
        sa.Column("unlike", sa.REAL(), nullable=True),
        sa.ForeignKeyConstraint(["cycle_id"], ["cycle.id"], name=op.f("fk_prediction_cycle_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("cycle_id", "subtomogram_id", name=op.f("pk_prediction")),
    )
    for name in ("score", "confidence", "unlike"):
        op.create_index(f"ix_prediction_{name}", "prediction", ["cycle_id", name, "subtomogram_id"])
    op.create_index("ix_prediction_output", "prediction", ["cycle_id", "output", "confidence", "subtomogram_id"])
    op.create_table(
        "unlabeled_subtomogram",
        sa.Column("subtomogram_id", sa.BigInteger(), nullable=False),
        sa.Column("project_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["subtomogram_id"],
            ["subtomogram.id"],
            name=op.f("fk_unlabeled_subtomogram_subtomogram_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("subtomogram_id", name=op.f("pk_unlabeled_subtomogram")),
    )
    op.create_index("ix_unlabeled_subtomogram_project_id", "unlabeled_subtomogram", ["project_id", "subtomogram_id"])
    for statement in (NOTE_NEW_SUBTOMOGRAMS, NOTE_NEW_LABELS, NOTE_LOST_LABELS, *UNLABELED_TRIGGERS, FIND_UNLABELED):
        op.execute(statement)
    # A class's labels in the order of the pool, and the newest decisions, are read from an index.
    op.drop_index("ix_current_label_project_id_kind_class_id", table_name="current_label")
    op.create_index(
        "ix_current_label_project_id_kind_class_id",
        "current_label",
        ["project_id", "kind", "class_id", "subtomogram_id"],
    )
    op.create_index("ix_current_label_project_id_event_id", "current_label", ["project_id", "event_id"])
    op.execute(STORE_PREDICTIONS)


def downgrade() -> None:
    op.drop_index("ix_current_label_project_id_event_id", table_name="current_label")
    op.drop_index("ix_current_label_project_id_kind_class_id", table_name="current_label")
    op.create_index("ix_current_label_project_id_kind_class_id", "current_label", ["project_id", "kind", "class_id"])
    for table, trigger, function in (
        ("current_label", "current_label_is_lost", "note_lost_labels"),
        ("current_label", "current_label_is_new", "note_new_labels"),
        ("subtomogram", "subtomogram_is_unlabeled", "note_new_subtomograms"),
    ):
        op.execute(f"DROP TRIGGER {trigger} ON {table}")
        op.execute(f"DROP FUNCTION {function}()")
    op.drop_table("unlabeled_subtomogram")
    op.drop_table("prediction")
    op.drop_table("cycle_trigger")
    op.drop_index(op.f("ix_model_choice_cycle_id"), table_name="model_choice")
    op.drop_table("model_choice")
    op.drop_column("label_event", "suggestion_shown")
    op.drop_column("worker_node", "memory_bytes")
    op.drop_column("project_member", "version")
    op.execute("DROP SEQUENCE project_member_version")
