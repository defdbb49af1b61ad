"""Fetch schedules, and which dealers a user may see."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

# Postgres' row security asks it who may see what. It reads a table that those who ask may not read; outside a named
# session, or for a name without dealers, nothing is visible.
_VISIBLE_DEALERS = """
    create function registry.visible_dealers() returns text[]
    language sql stable security definer parallel safe
    set search_path = pg_catalog
    return array(
        select dealer_id from registry.user_dealer
        where user_name = nullif(current_setting('dealer_dashboard.user_name', true), '')
    )
"""


def upgrade() -> None:
    """Create the tables and the function."""
    op.create_table(
        "fetch_schedule",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("main_dealer_id", sa.Text(), nullable=True),
        sa.Column("api_key_id", sa.Integer(), nullable=True, comment="The key's dealers"),
        sa.Column("dealer_id", sa.Text(), nullable=True),
        sa.Column("modules", sa.ARRAY(sa.Text()), nullable=True, comment="Modules that it pulls; null is all"),
        sa.Column(
            "every_hours", sa.Integer(), nullable=True, comment="Hourly every N, from midnight at the main dealer"
        ),
        sa.Column("daily_at", sa.Time(), nullable=True, comment="Local time of the main dealer"),
        sa.Column("cron", sa.Text(), nullable=True, comment="Five fields, in the main dealer's time zone"),
        sa.Column("is_enabled", sa.Boolean(), server_default="true", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint(
            "num_nonnulls(main_dealer_id, api_key_id, dealer_id) <= 1", name=op.f("fetch_schedule_scope_check")
        ),
        sa.CheckConstraint("num_nonnulls(every_hours, daily_at, cron) = 1", name=op.f("fetch_schedule_kind_check")),
        sa.CheckConstraint("every_hours between 1 and 24", name=op.f("fetch_schedule_every_hours_check")),
        sa.ForeignKeyConstraint(
            ["main_dealer_id"], ["registry.main_dealer.id"], name=op.f("fetch_schedule_main_dealer_id_fkey")
        ),
        sa.ForeignKeyConstraint(["api_key_id"], ["registry.api_key.id"], name=op.f("fetch_schedule_api_key_id_fkey")),
        sa.ForeignKeyConstraint(["dealer_id"], ["registry.dealer.id"], name=op.f("fetch_schedule_dealer_id_fkey")),
        sa.PrimaryKeyConstraint("id", name=op.f("fetch_schedule_pkey")),
        sa.UniqueConstraint("name", name=op.f("fetch_schedule_name_key")),
        schema="registry",
    )
    op.create_table(
        "user_dealer",
        sa.Column("user_name", sa.Text(), nullable=False, comment="As they log in to Superset"),
        sa.Column("dealer_id", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(["dealer_id"], ["registry.dealer.id"], name=op.f("user_dealer_dealer_id_fkey")),
        sa.PrimaryKeyConstraint("user_name", "dealer_id", name=op.f("user_dealer_pkey")),
        schema="registry",
    )
    op.execute(_VISIBLE_DEALERS)
    op.execute("revoke execute on function registry.visible_dealers() from public")
