"""Incidents, and the messages about them."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Create the tables."""
    op.create_table(
        "incident",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("cause", sa.Text(), nullable=False, comment="What makes two findings of a kind the same incident"),
        sa.Column("main_dealer_id", sa.Text(), nullable=True),
        sa.Column("first_seen_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column(
            "announced_at", sa.DateTime(timezone=True), nullable=True, comment="When its first message was written"
        ),
        sa.Column(
            "announced_dealers",
            sa.Integer(),
            server_default="0",
            nullable=False,
            comment="Dealers that the last message told of",
        ),
        sa.Column(
            "last_told_at", sa.DateTime(timezone=True), nullable=True, comment="When its last message was written"
        ),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("details", postgresql.JSONB(), nullable=False, comment="What was found of it last"),
        sa.PrimaryKeyConstraint("id", name=op.f("incident_pkey")),
        schema="registry",
    )
    op.create_index(
        "incident_open_key",
        "incident",
        ["kind", "cause"],
        unique=True,
        schema="registry",
        postgresql_where=sa.text("closed_at is null"),
    )
    op.create_table(
        "alert_message",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("incident_id", sa.Integer(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("written_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column(
            "delivered_to", sa.ARRAY(sa.Text()), server_default="{}", nullable=False, comment="Addresses, as hashes"
        ),
        sa.Column("attempts", sa.Integer(), server_default="0", nullable=False),
        sa.Column("error", sa.Text(), nullable=True, comment="Why the last attempt failed, in words"),
        sa.Column(
            "ended_at", sa.DateTime(timezone=True), nullable=True, comment="When it was sent to all, or given up"
        ),
        sa.ForeignKeyConstraint(["incident_id"], ["registry.incident.id"], name=op.f("alert_message_incident_id_fkey")),
        sa.PrimaryKeyConstraint("id", name=op.f("alert_message_pkey")),
        schema="registry",
    )
    op.create_index(
        "alert_message_waiting",
        "alert_message",
        ["id"],
        schema="registry",
        postgresql_where=sa.text("ended_at is null"),
    )
