"""Lists of every format: what sources, subtomograms and importers need; tomograms that boxes are cut from."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

OLD_WORK = "work IN ('evaluation', 'query', 'recheck', 'adjudication', 'choice')"
NEW_WORK = "work IN ('evaluation', 'query', 'recheck', 'adjudication', 'choice', 'import')"


def upgrade() -> None:
    _json = postgresql.JSONB(astext_type=sa.Text())
    op.add_column("source", sa.Column("format", sa.String(), server_default="relion", nullable=False))
    op.add_column("source", sa.Column("volumes_key", sa.String(), nullable=True))
    op.execute("UPDATE source SET volumes_key = id::text")
    op.alter_column("source", "volumes_key", nullable=False)
    op.add_column("source", sa.Column("frame", _json, server_default="{}", nullable=False))
    op.add_column("source", sa.Column("recipe", _json, server_default="{}", nullable=False))

    op.add_column("subtomogram", sa.Column("identity", sa.LargeBinary(), nullable=True))
    # What came in before has no identity by its contents: a list of it that is imported again is known by its checksum.
    op.execute("UPDATE subtomogram SET identity = decode(md5(source_id::text || ':' || source_row), 'hex')")
    op.alter_column("subtomogram", "identity", nullable=False)
    op.add_column("subtomogram", sa.Column("padded", sa.REAL(), server_default="0", nullable=False))
    op.add_column("subtomogram", sa.Column("predicted_class_id", sa.Uuid(), nullable=True))
    op.add_column("subtomogram", sa.Column("predicted_confidence", sa.REAL(), nullable=True))
    op.create_unique_constraint(op.f("uq_subtomogram_project_id_identity"), "subtomogram", ["project_id", "identity"])
    op.create_foreign_key(
        op.f("fk_subtomogram_predicted_class_id_particle_class"),
        "subtomogram",
        "particle_class",
        ["predicted_class_id"],
        ["id"],
        ondelete="SET NULL",
    )

    op.add_column("user_account", sa.Column("kind", sa.String(), server_default="person", nullable=False))
    op.create_check_constraint(op.f("ck_user_account_kind"), "user_account", "kind IN ('person', 'importer')")
    op.drop_constraint(op.f("ck_label_event_work"), "label_event", type_="check")
    op.create_check_constraint(op.f("ck_label_event_work"), "label_event", NEW_WORK)

    op.create_table(
        "tomogram",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("project_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("location", _json, nullable=False),
        sa.Column("shape_zyx", _json, nullable=False),
        sa.Column("voxel_size_angstrom", sa.Double(), nullable=False),
        sa.Column("overview_key", sa.String(), nullable=True),
        sa.Column("overview_binning", sa.Integer(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(
            ["project_id"], ["project.id"], name=op.f("fk_tomogram_project_id_project"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tomogram")),
        sa.UniqueConstraint("project_id", "name", name=op.f("uq_tomogram_project_id_name")),
    )


def downgrade() -> None:
    op.drop_table("tomogram")
    op.drop_constraint(op.f("ck_label_event_work"), "label_event", type_="check")
    op.create_check_constraint(op.f("ck_label_event_work"), "label_event", OLD_WORK)
    op.drop_constraint(op.f("ck_user_account_kind"), "user_account", type_="check")
    op.drop_column("user_account", "kind")
    op.drop_constraint(op.f("fk_subtomogram_predicted_class_id_particle_class"), "subtomogram", type_="foreignkey")
    op.drop_constraint(op.f("uq_subtomogram_project_id_identity"), "subtomogram", type_="unique")
    for column in ("predicted_confidence", "predicted_class_id", "padded", "identity"):
        op.drop_column("subtomogram", column)
    for column in ("recipe", "frame", "volumes_key", "format"):
        op.drop_column("source", column)
