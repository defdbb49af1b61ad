"""Whether a main dealer is asked for all dealers of a key at once."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    """Add the setting; it is off until an admin knows that the main dealer allows it."""
    column: sa.Column[bool] = sa.Column(
        "whole_group_calls",
        sa.Boolean(),
        server_default="false",
        nullable=False,
        comment="Whether one request may ask for all dealers of a key",
    )
    op.add_column("main_dealer", column, schema="registry")
