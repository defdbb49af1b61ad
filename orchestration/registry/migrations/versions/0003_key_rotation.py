"""A key that is being replaced is kept beside the new one until an admin ends the overlap."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Add the columns."""
    columns = (
        sa.Column("old_api_key", sa.Text(), nullable=True, comment="Asked with while the server refuses the new one"),
        sa.Column("old_secret_encrypted", sa.Text(), nullable=True),
        sa.Column(
            "rotated_at",
            sa.DateTime(timezone=True),
            nullable=True,
            comment="Since when an old key is kept beside the new one",
        ),
    )
    for column in columns:
        op.add_column("api_key", column, schema="registry")
