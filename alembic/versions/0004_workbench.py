"""What the workbench shows and does: the memory of workers' devices; which model serves; what starts cycles."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
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


def downgrade() -> None:
    op.drop_table("cycle_trigger")
    op.drop_index(op.f("ix_model_choice_cycle_id"), table_name="model_choice")
    op.drop_table("model_choice")
    op.drop_column("label_event", "suggestion_shown")
    op.drop_column("worker_node", "memory_bytes")
