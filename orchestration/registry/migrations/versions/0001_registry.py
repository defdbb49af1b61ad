"""Main dealers, keys, dealers, quota counts and the change history."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Create the tables."""
    op.create_table(
        "change",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("changed_by", sa.Text(), nullable=False),
        sa.Column("entity", sa.Text(), nullable=False),
        sa.Column("entity_id", sa.Text(), nullable=False),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("values", postgresql.JSONB(), nullable=False, comment="Field -> [before, after]"),
        sa.PrimaryKeyConstraint("id", name=op.f("change_pkey")),
        schema="registry",
    )
    op.create_table(
        "main_dealer",
        sa.Column("id", sa.Text(), nullable=False, comment="Main dealer code, e.g. Q7X"),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column(
            "base_url",
            sa.Text(),
            nullable=False,
            comment="Address up to the version or the module; H1 and, by default, H23",
        ),
        sa.Column("h23_base_url", sa.Text(), nullable=True, comment="Address for workshop and parts where it differs"),
        sa.Column("version", sa.Text(), server_default="v1.3", nullable=False),
        sa.Column("time_zone", sa.Text(), server_default="Asia/Jakarta", nullable=False),
        sa.Column(
            "token_separator", sa.Text(), server_default="", nullable=False, comment="Between key, secret and time"
        ),
        sa.Column(
            "range_days",
            sa.Integer(),
            server_default="7",
            nullable=False,
            comment="Longest window of one request, days",
        ),
        sa.Column(
            "max_age_days",
            sa.Integer(),
            server_default="30",
            nullable=False,
            comment="Oldest that can be fetched, days",
        ),
        sa.Column("modules", sa.ARRAY(sa.Text()), nullable=False, comment="Modules that this server has"),
        sa.Column("connect_timeout", sa.Double(), server_default="10", nullable=False, comment="Seconds"),
        sa.Column("answer_timeout", sa.Double(), server_default="60", nullable=False, comment="Seconds"),
        sa.Column("attempts", sa.Integer(), server_default="4", nullable=False, comment="Requests a call may take"),
        sa.Column(
            "concurrency",
            sa.Integer(),
            server_default="4",
            nullable=False,
            comment="Requests under way at once, all runs",
        ),
        sa.Column("is_enabled", sa.Boolean(), server_default="true", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("attempts between 1 and 20", name=op.f("main_dealer_attempts_check")),
        sa.CheckConstraint("concurrency between 1 and 64", name=op.f("main_dealer_concurrency_check")),
        sa.CheckConstraint("max_age_days between 1 and 3660", name=op.f("main_dealer_max_age_days_check")),
        sa.CheckConstraint("range_days between 1 and 366", name=op.f("main_dealer_range_days_check")),
        sa.PrimaryKeyConstraint("id", name=op.f("main_dealer_pkey")),
        schema="registry",
    )
    op.create_table(
        "api_key",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("main_dealer_id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False, comment="Dealer group"),
        sa.Column("api_key", sa.Text(), nullable=False),
        sa.Column("secret_encrypted", sa.Text(), nullable=False),
        sa.Column("daily_quota", sa.Integer(), nullable=True, comment="Requests a local day; null is no limit"),
        sa.Column("is_enabled", sa.Boolean(), server_default="true", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(
            ["main_dealer_id"], ["registry.main_dealer.id"], name=op.f("api_key_main_dealer_id_fkey")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("api_key_pkey")),
        sa.UniqueConstraint("main_dealer_id", "name", name=op.f("api_key_main_dealer_id_key")),
        schema="registry",
    )
    op.create_table(
        "dealer",
        sa.Column("id", sa.Text(), nullable=False, comment="Dealer number with its leading zeros"),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("city", sa.Text(), nullable=True),
        sa.Column("main_dealer_id", sa.Text(), nullable=True),
        sa.Column("api_key_id", sa.Integer(), nullable=True),
        sa.Column("is_enabled", sa.Boolean(), server_default="true", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(["api_key_id"], ["registry.api_key.id"], name=op.f("dealer_api_key_id_fkey")),
        sa.ForeignKeyConstraint(
            ["main_dealer_id"], ["registry.main_dealer.id"], name=op.f("dealer_main_dealer_id_fkey")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("dealer_pkey")),
        schema="registry",
    )
    op.create_table(
        "key_usage",
        sa.Column("api_key_id", sa.Integer(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("requests", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["api_key_id"], ["registry.api_key.id"], name=op.f("key_usage_api_key_id_fkey")),
        sa.PrimaryKeyConstraint("api_key_id", "day", name=op.f("key_usage_pkey")),
        schema="registry",
    )
