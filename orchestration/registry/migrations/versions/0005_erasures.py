"""Erasures of personal data: who asked for what when, and what the loader keeps out of raw from then on."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """Create the tables, and the secret without which no hash of a phone number can be computed."""
    op.create_table(
        "erasure",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("dealer_id", sa.Text(), nullable=False),
        sa.Column("erased_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("erased_by", sa.Text(), nullable=False),
        sa.Column("criterion", sa.Text(), nullable=False, comment="What the person was known by, not its value"),
        sa.Column("identifier_hashes", sa.ARRAY(sa.Text()), nullable=False, comment="Of phones and identity numbers"),
        sa.Column("versions", sa.Integer(), nullable=False, comment="Rows of raw that were changed"),
        sa.ForeignKeyConstraint(["dealer_id"], ["registry.dealer.id"], name=op.f("erasure_dealer_id_fkey")),
        sa.PrimaryKeyConstraint("id", name=op.f("erasure_pkey")),
        schema="registry",
    )
    op.create_table(
        "erased_document",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("erasure_id", sa.Integer(), nullable=False),
        sa.Column("module", sa.Text(), nullable=False),
        sa.Column("dealer_id", sa.Text(), nullable=False),
        sa.Column("document_key", sa.Text(), nullable=False),
        sa.Column("order_number", sa.Text(), nullable=True, comment="Only the lines of this order; null is all"),
        sa.ForeignKeyConstraint(["erasure_id"], ["registry.erasure.id"], name=op.f("erased_document_erasure_id_fkey")),
        sa.PrimaryKeyConstraint("id", name=op.f("erased_document_pkey")),
        schema="registry",
    )
    op.create_table(
        "erasure_secret",
        sa.Column("only_row", sa.Boolean(), server_default="true", nullable=False),
        sa.Column("secret", sa.Text(), nullable=False),
        sa.CheckConstraint("only_row", name=op.f("erasure_secret_only_row_check")),
        sa.PrimaryKeyConstraint("only_row", name=op.f("erasure_secret_pkey")),
        schema="registry",
    )
    op.execute(
        "insert into registry.erasure_secret (secret) values (gen_random_uuid()::text || gen_random_uuid()::text)"
    )
