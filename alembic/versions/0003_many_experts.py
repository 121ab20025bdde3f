"""Many experts: accounts with passwords, invitations and providers; blind opinions, bulk decisions, class sets that
change; the audit log; webhooks; answers kept for repetitions."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

# (table, constraint, what it was, what it is)
CHECKS = (
    (
        "queue_item",
        "ck_queue_item_work",
        "work IN ('evaluation', 'query', 'recheck', 'adjudication')",
        "work IN ('evaluation', 'query', 'recheck', 'adjudication', 'label-error', 'choice')",
    ),
    (
        "label_event",
        "ck_label_event_work",
        "work IN ('evaluation', 'query', 'recheck', 'adjudication', 'choice', 'import')",
        "work IN ('evaluation', 'query', 'recheck', 'adjudication', 'label-error', 'choice', 'import')",
    ),
    (
        "label_event",
        "ck_label_event_kind",
        "kind IN ('class', 'unsure', 'junk', 'skip', 'undo')",
        "kind IN ('class', 'unsure', 'junk', 'skip', 'comment', 'undo')",
    ),
)
NEW_CHECKS = (
    ("browser_session", "ck_browser_session_began_by", "began_by IN ('link', 'password', 'oidc')"),
    ("label_event", "ck_label_event_confidence", "confidence BETWEEN 1 AND 3"),
    ("user_account", "ck_user_account_oidc_is_whole", "(oidc_issuer IS NULL) = (oidc_subject IS NULL)"),
    (
        "particle_class",
        "ck_particle_class_merged_is_retired",
        "merged_into_id IS NULL OR retired_in_version IS NOT NULL",
    ),
)
REFUSE_AUDIT_CHANGE = """
CREATE FUNCTION refuse_audit_event_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'audit_event is append-only: % refused', TG_OP USING ERRCODE = 'restrict_violation';
END
$$
"""
AUDIT_APPEND_ONLY = """
CREATE TRIGGER audit_event_append_only BEFORE UPDATE OR DELETE ON audit_event
FOR EACH ROW EXECUTE FUNCTION refuse_audit_event_change()
"""

# A queue item knows who has spoken of its subtomogram, so that the queue need not read the history to give it out. Kept
# here, not by each writer of events: whoever writes one, the queue never asks the same person twice.
NOTE_ANSWER = """
CREATE FUNCTION note_answer_in_queue() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.kind <> 'undo' THEN
        UPDATE queue_item q SET answered_by = q.answered_by || NEW.user_id
        WHERE q.subtomogram_id = NEW.subtomogram_id AND q.state = 'open' AND NOT NEW.user_id = ANY (q.answered_by);
    ELSE
        UPDATE queue_item q SET answered_by = array_remove(q.answered_by, NEW.user_id)
        WHERE q.subtomogram_id = NEW.subtomogram_id AND q.state = 'open' AND NOT EXISTS (
            SELECT 1 FROM label_event e
            WHERE e.subtomogram_id = NEW.subtomogram_id AND e.user_id = NEW.user_id
              AND e.kind NOT IN ('undo', 'comment')
              AND NOT EXISTS (SELECT 1 FROM label_event u WHERE u.undoes_event_id = e.id)
              AND NOT EXISTS (
                  SELECT 1 FROM particle_class c
                  WHERE c.id = e.class_id AND e.class_set_version < c.asked_anew_in_version
              )
        );
    END IF;
    RETURN NULL;
END
$$
"""
ANSWERS_ARE_NOTED = """
CREATE TRIGGER label_event_answers_queue AFTER INSERT ON label_event
FOR EACH ROW WHEN (NEW.kind <> 'comment' AND NEW.work <> 'import') EXECUTE FUNCTION note_answer_in_queue()
"""
# A second look may be given to those who spoke before it was asked for; every other question goes to somebody new.
KNOW_ANSWERS = """
CREATE FUNCTION know_answers_of_open_item() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.answered_by := ARRAY(
        SELECT DISTINCT e.user_id FROM label_event e
        WHERE e.subtomogram_id = NEW.subtomogram_id AND e.kind NOT IN ('undo', 'comment')
          AND (NEW.work NOT IN ('label-error', 'adjudication') OR e.created_at >= NEW.created_at)
          AND NOT EXISTS (SELECT 1 FROM label_event u WHERE u.undoes_event_id = e.id)
          AND NOT EXISTS (
              SELECT 1 FROM particle_class c WHERE c.id = e.class_id AND e.class_set_version < c.asked_anew_in_version
          )
    );
    RETURN NEW;
END
$$
"""
ANSWERS_ARE_KNOWN = """
CREATE TRIGGER queue_item_knows_answers BEFORE INSERT OR UPDATE OF state ON queue_item
FOR EACH ROW WHEN (NEW.state = 'open') EXECUTE FUNCTION know_answers_of_open_item()
"""

# Labels of before know nothing of agreement and disputes: a job derives them anew; the service sends it by itself.
DERIVE_LABELS = """
INSERT INTO job (id, project_id, kind, task, queue)
SELECT gen_random_uuid(), project_id, 'labels', 'tomosift.derive_labels', 'cpu' FROM current_label GROUP BY project_id
"""


def upgrade() -> None:
    op.create_table(
        "denoised_volume",
        sa.Column("cycle_id", sa.Uuid(), nullable=False),
        sa.Column("subtomogram_id", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.String(), server_default="wanted", nullable=False),
        sa.Column("size_bytes", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("state IN ('wanted', 'ready', 'refused')", name=op.f("ck_denoised_volume_state")),
        sa.ForeignKeyConstraint(
            ["cycle_id"], ["cycle.id"], name=op.f("fk_denoised_volume_cycle_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["subtomogram_id"],
            ["subtomogram.id"],
            name=op.f("fk_denoised_volume_subtomogram_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("cycle_id", "subtomogram_id", name=op.f("pk_denoised_volume")),
    )
    op.create_index("ix_denoised_volume_subtomogram_id", "denoised_volume", ["subtomogram_id"])
    for name, columns, condition in (
        ("ix_denoised_volume_wanted", ["cycle_id", "asked_at"], "state = 'wanted'"),
        ("ix_denoised_volume_used", ["used_at"], "state = 'ready'"),
    ):
        op.create_index(name, "denoised_volume", columns, postgresql_where=sa.text(condition))
    op.create_table(
        "audit_event",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("actor_id", sa.Uuid(), nullable=True),
        sa.Column("actor_name", sa.String(), nullable=False),
        sa.Column("project_id", sa.Uuid(), nullable=True),
        sa.Column("project_slug", sa.String(), nullable=True),
        sa.Column("action", sa.String(), nullable=False),
        sa.Column("target", sa.String(), nullable=False),
        sa.Column("details", postgresql.JSONB(astext_type=sa.Text()), server_default="{}", nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_event")),
    )
    op.create_index("ix_audit_event_project_id_id", "audit_event", ["project_id", "id"], unique=False)
    op.create_index("ix_audit_event_actor_name_id", "audit_event", ["actor_name", "id"], unique=False)
    op.create_index("ix_audit_event_action_id", "audit_event", ["action", "id"], unique=False)
    op.create_table(
        "oidc_request",
        sa.Column("state", sa.LargeBinary(), nullable=False),
        sa.Column("browser", sa.LargeBinary(), nullable=False),
        sa.Column("nonce", sa.String(), nullable=False),
        sa.Column("code_verifier", sa.String(), nullable=False),
        sa.Column("return_to", sa.String(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["user_id"], ["user_account.id"], name=op.f("fk_oidc_request_user_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("state", name=op.f("pk_oidc_request")),
    )
    op.create_table(
        "class_set_change",
        sa.Column("project_id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("details", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("changed_by", sa.Uuid(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint(
            "kind IN ('add', 'change', 'merge', 'split', 'retire', 'restore')", name=op.f("ck_class_set_change_kind")
        ),
        sa.ForeignKeyConstraint(
            ["changed_by"], ["user_account.id"], name=op.f("fk_class_set_change_changed_by"), ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(
            ["project_id"], ["project.id"], name=op.f("fk_class_set_change_project_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("project_id", "version", name=op.f("pk_class_set_change")),
    )
    op.create_table(
        "invitation",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("token_hash", sa.LargeBinary(), nullable=False),
        sa.Column("note", sa.String(), server_default="", nullable=False),
        sa.Column("project_id", sa.Uuid(), nullable=True),
        sa.Column("role", sa.String(), nullable=True),
        sa.Column("created_by", sa.Uuid(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("used_by", sa.Uuid(), nullable=True),
        sa.CheckConstraint("role IN ('owner', 'curator', 'annotator', 'viewer')", name=op.f("ck_invitation_role")),
        sa.CheckConstraint("(project_id IS NULL) = (role IS NULL)", name=op.f("ck_invitation_role_goes_with_project")),
        sa.ForeignKeyConstraint(
            ["created_by"], ["user_account.id"], name=op.f("fk_invitation_created_by"), ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(
            ["project_id"], ["project.id"], name=op.f("fk_invitation_project_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["used_by"], ["user_account.id"], name=op.f("fk_invitation_used_by"), ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_invitation")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_invitation_token_hash")),
    )
    op.create_index(op.f("ix_invitation_project_id"), "invitation", ["project_id"], unique=False)
    op.create_table(
        "webhook",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("project_id", sa.Uuid(), nullable=False),
        sa.Column("url", sa.String(), nullable=False),
        sa.Column("secret", sa.String(), nullable=False),
        sa.Column("events", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("is_active", sa.Boolean(), server_default="true", nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("created_by", sa.Uuid(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(
            ["created_by"], ["user_account.id"], name=op.f("fk_webhook_created_by"), ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(["project_id"], ["project.id"], name=op.f("fk_webhook_project_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_webhook")),
    )
    op.create_index(op.f("ix_webhook_project_id"), "webhook", ["project_id"], unique=False)
    op.create_table(
        "webhook_delivery",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("webhook_id", sa.Uuid(), nullable=False),
        sa.Column("event", sa.String(), nullable=False),
        sa.Column("payload", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("state", sa.String(), server_default="waiting", nullable=False),
        sa.Column("tries", sa.Integer(), server_default="0", nullable=False),
        sa.Column("next_try_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("last_status", sa.Integer(), nullable=True),
        sa.Column("last_error", sa.String(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("state IN ('waiting', 'delivered', 'failed')", name=op.f("ck_webhook_delivery_state")),
        sa.ForeignKeyConstraint(
            ["webhook_id"], ["webhook.id"], name=op.f("fk_webhook_delivery_webhook_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_webhook_delivery")),
    )
    op.create_index(
        "ix_webhook_delivery_waiting",
        "webhook_delivery",
        ["next_try_at"],
        unique=False,
        postgresql_where=sa.text("state = 'waiting'"),
    )
    op.create_index("ix_webhook_delivery_webhook_id_id", "webhook_delivery", ["webhook_id", "id"], unique=False)
    op.create_table(
        "answered_request",
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("payload_hash", sa.LargeBinary(), nullable=False),
        sa.Column("answer", postgresql.JSONB(astext_type=sa.Text()), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(
            ["user_id"], ["user_account.id"], name=op.f("fk_answered_request_user_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("user_id", "key", name=op.f("pk_answered_request")),
    )
    op.create_index(op.f("ix_answered_request_created_at"), "answered_request", ["created_at"], unique=False)
    op.create_table(
        "class_meaning",
        sa.Column("class_id", sa.Uuid(), nullable=False),
        sa.Column("from_version", sa.Integer(), nullable=False),
        sa.Column("until_version", sa.Integer(), nullable=True),
        sa.Column("counts_for_id", sa.Uuid(), nullable=True),
        sa.ForeignKeyConstraint(
            ["class_id"], ["particle_class.id"], name=op.f("fk_class_meaning_class_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["counts_for_id"], ["particle_class.id"], name=op.f("fk_class_meaning_counts_for_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("class_id", "from_version", name=op.f("pk_class_meaning")),
    )
    op.create_table(
        "class_example",
        sa.Column("class_id", sa.Uuid(), nullable=False),
        sa.Column("subtomogram_id", sa.BigInteger(), nullable=False),
        sa.Column("added_by", sa.Uuid(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(
            ["added_by"], ["user_account.id"], name=op.f("fk_class_example_added_by"), ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(
            ["class_id"], ["particle_class.id"], name=op.f("fk_class_example_class_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["subtomogram_id"], ["subtomogram.id"], name=op.f("fk_class_example_subtomogram_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("class_id", "subtomogram_id", name=op.f("pk_class_example")),
    )
    op.add_column("access_token", sa.Column("project_id", sa.Uuid(), nullable=True))
    op.create_foreign_key(
        op.f("fk_access_token_project_id"), "access_token", "project", ["project_id"], ["id"], ondelete="CASCADE"
    )
    op.create_index(op.f("ix_access_token_project_id"), "access_token", ["project_id"], unique=False)
    op.add_column("sign_in_link", sa.Column("asks_password", sa.Boolean(), server_default="false", nullable=False))
    op.add_column("browser_session", sa.Column("began_by", sa.String(), server_default="link", nullable=False))
    op.add_column("current_label", sa.Column("agreement", sa.REAL(), nullable=True))
    op.add_column("current_label", sa.Column("confidence", sa.REAL(), nullable=True))
    op.add_column("current_label", sa.Column("is_disputed", sa.Boolean(), server_default="false", nullable=False))
    op.create_index(
        "ix_current_label_disputed",
        "current_label",
        ["project_id", "subtomogram_id"],
        unique=False,
        postgresql_where=sa.text("is_disputed"),
    )
    op.create_index(
        "ix_current_label_several",
        "current_label",
        ["project_id", "subtomogram_id"],
        unique=False,
        postgresql_where=sa.text("opinion_count > 1"),
    )
    op.add_column("cycle", sa.Column("label_rule", sa.String(), server_default="single", nullable=False))
    op.add_column("label_event", sa.Column("confidence", sa.SmallInteger(), nullable=True))
    op.add_column("label_event", sa.Column("bulk_id", sa.Uuid(), nullable=True))
    op.create_index(
        "ix_label_event_bulk_id",
        "label_event",
        ["bulk_id"],
        unique=False,
        postgresql_where=sa.text("bulk_id IS NOT NULL"),
    )
    op.create_index(
        "ix_label_event_project_id_user_id_id", "label_event", ["project_id", "user_id", "id"], unique=False
    )
    op.create_index("ix_lease_queue_item_id", "lease", ["queue_item_id"], unique=False)
    op.create_index("ix_lease_subtomogram_id", "lease", ["subtomogram_id"], unique=False)
    op.create_index("ix_current_label_event_id", "current_label", ["event_id"], unique=False)
    op.create_index(
        "ix_label_event_queue_item_id",
        "label_event",
        ["queue_item_id"],
        unique=False,
        postgresql_where=sa.text("queue_item_id IS NOT NULL"),
    )
    op.add_column("particle_class", sa.Column("merged_into_id", sa.Uuid(), nullable=True))
    op.add_column("particle_class", sa.Column("hotkey", sa.String(), nullable=True))
    op.add_column("particle_class", sa.Column("asked_anew_in_version", sa.Integer(), nullable=True))
    op.create_foreign_key(
        op.f("fk_particle_class_merged_into_id"),
        "particle_class",
        "particle_class",
        ["merged_into_id"],
        ["id"],
        ondelete="SET NULL",
    )
    op.add_column("project", sa.Column("queue_paused_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("project", sa.Column("delete_after", sa.DateTime(timezone=True), nullable=True))
    # Counting a batch reads the index alone, however many items the batches before it had.
    op.drop_index("ix_queue_item_project_id_batch", table_name="queue_item")
    op.create_index(
        "ix_queue_item_project_id_batch", "queue_item", ["project_id", "batch", "work", "state"], unique=False
    )
    op.create_index("ix_queue_item_subtomogram_id", "queue_item", ["subtomogram_id"], unique=False)
    op.add_column(
        "queue_item",
        sa.Column("answered_by", postgresql.ARRAY(sa.Uuid()), server_default="{}", nullable=False),
    )
    op.add_column("user_account", sa.Column("email", sa.String(), nullable=True))
    op.create_index("uq_user_account_email_lower", "user_account", [sa.text("lower(email)")], unique=True)
    op.add_column("user_account", sa.Column("password_hash", sa.String(), nullable=True))
    op.add_column("user_account", sa.Column("oidc_issuer", sa.String(), nullable=True))
    op.add_column("user_account", sa.Column("oidc_subject", sa.String(), nullable=True))
    op.create_unique_constraint(
        op.f("uq_user_account_oidc_issuer_oidc_subject"), "user_account", ["oidc_issuer", "oidc_subject"]
    )
    for table, name, _, after in CHECKS:
        op.drop_constraint(op.f(name), table, type_="check")
        op.create_check_constraint(op.f(name), table, after)
    for table, name, condition in NEW_CHECKS:
        op.create_check_constraint(op.f(name), table, condition)
    op.execute(REFUSE_AUDIT_CHANGE)
    op.execute(AUDIT_APPEND_ONLY)
    op.execute(DERIVE_LABELS)
    for statement in (NOTE_ANSWER, ANSWERS_ARE_NOTED, KNOW_ANSWERS, ANSWERS_ARE_KNOWN):
        op.execute(statement)
    op.execute("UPDATE queue_item SET state = state WHERE state = 'open'")  # the trigger fills the new column


def downgrade() -> None:
    op.drop_table("denoised_volume")
    op.execute("DROP TRIGGER queue_item_knows_answers ON queue_item")
    op.execute("DROP TRIGGER label_event_answers_queue ON label_event")
    op.execute("DROP FUNCTION know_answers_of_open_item()")
    op.execute("DROP FUNCTION note_answer_in_queue()")
    op.drop_column("queue_item", "answered_by")
    op.execute("DROP TRIGGER audit_event_append_only ON audit_event")
    op.execute("DROP FUNCTION refuse_audit_event_change()")
    for table, name, _ in NEW_CHECKS:
        op.drop_constraint(op.f(name), table, type_="check")
    for table, name, before, _ in CHECKS:
        op.drop_constraint(op.f(name), table, type_="check")
        op.create_check_constraint(op.f(name), table, before)

    op.drop_constraint(op.f("uq_user_account_oidc_issuer_oidc_subject"), "user_account", type_="unique")
    op.drop_column("user_account", "oidc_subject")
    op.drop_column("user_account", "oidc_issuer")
    op.drop_column("user_account", "password_hash")
    op.drop_index("uq_user_account_email_lower", table_name="user_account")
    op.drop_column("user_account", "email")
    op.drop_index("ix_queue_item_subtomogram_id", table_name="queue_item")
    op.drop_index("ix_queue_item_project_id_batch", table_name="queue_item")
    op.create_index("ix_queue_item_project_id_batch", "queue_item", ["project_id", "batch"], unique=False)
    op.drop_column("project", "delete_after")
    op.drop_column("project", "queue_paused_at")
    op.drop_constraint(op.f("fk_particle_class_merged_into_id"), "particle_class", type_="foreignkey")
    op.drop_column("particle_class", "asked_anew_in_version")
    op.drop_column("particle_class", "hotkey")
    op.drop_column("particle_class", "merged_into_id")
    op.drop_index(
        "ix_label_event_queue_item_id",
        table_name="label_event",
        postgresql_where=sa.text("queue_item_id IS NOT NULL"),
    )
    op.drop_index("ix_current_label_event_id", table_name="current_label")
    op.drop_index("ix_lease_subtomogram_id", table_name="lease")
    op.drop_index("ix_lease_queue_item_id", table_name="lease")
    op.drop_index("ix_label_event_project_id_user_id_id", table_name="label_event")
    op.drop_index("ix_label_event_bulk_id", table_name="label_event", postgresql_where=sa.text("bulk_id IS NOT NULL"))
    op.drop_column("label_event", "bulk_id")
    op.drop_column("label_event", "confidence")
    op.drop_column("cycle", "label_rule")
    op.drop_index("ix_current_label_several", table_name="current_label", postgresql_where=sa.text("opinion_count > 1"))
    op.drop_index("ix_current_label_disputed", table_name="current_label", postgresql_where=sa.text("is_disputed"))
    op.drop_column("current_label", "is_disputed")
    op.drop_column("current_label", "confidence")
    op.drop_column("current_label", "agreement")
    op.drop_column("browser_session", "began_by")
    op.drop_column("sign_in_link", "asks_password")
    op.drop_index(op.f("ix_access_token_project_id"), table_name="access_token")
    op.drop_constraint(op.f("fk_access_token_project_id"), "access_token", type_="foreignkey")
    op.drop_column("access_token", "project_id")
    op.drop_table("class_example")
    op.drop_table("class_meaning")
    op.drop_index(op.f("ix_answered_request_created_at"), table_name="answered_request")
    op.drop_table("answered_request")
    op.drop_index("ix_webhook_delivery_webhook_id_id", table_name="webhook_delivery")
    op.drop_index(
        "ix_webhook_delivery_waiting", table_name="webhook_delivery", postgresql_where=sa.text("state = 'waiting'")
    )
    op.drop_table("webhook_delivery")
    op.drop_index(op.f("ix_webhook_project_id"), table_name="webhook")
    op.drop_table("webhook")
    op.drop_index(op.f("ix_invitation_project_id"), table_name="invitation")
    op.drop_table("invitation")
    op.drop_table("class_set_change")
    op.drop_table("oidc_request")
    op.drop_index("ix_audit_event_action_id", table_name="audit_event")
    op.drop_index("ix_audit_event_actor_name_id", table_name="audit_event")
    op.drop_index("ix_audit_event_project_id_id", table_name="audit_event")
    op.drop_table("audit_event")
