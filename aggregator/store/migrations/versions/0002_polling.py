"""What polling has to remember: rhythm, moves, strikes, hosts that asked for peace, robots.txt.

Revision ID: 0002
"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
TIME = TEXT


def upgrade() -> None:
    """Add the columns and the tables; a feed that has answered before is past its first three polls."""
    for column in (
        sa.Column("polls", sa.Integer()),
        sa.Column("whole_at", TIME),
        sa.Column("gap", sa.Float(53)),
        sa.Column("listed", sa.Integer()),
        sa.Column("published", TIME),
        sa.Column("adopted", TEXT),
        sa.Column("struck", sa.LargeBinary()),
        sa.Column("strikes", sa.Integer()),
        sa.Column("suggested_at", TIME),
        sa.Column("suggestion", TEXT),
    ):
        op.add_column("feed", column)
    op.execute("UPDATE feed SET polls = 3, whole_at = last_success WHERE last_success IS NOT NULL")
    op.create_table(
        "host_wait",
        sa.Column("host", TEXT, nullable=False),
        sa.Column("until", TIME, nullable=False),
        sa.PrimaryKeyConstraint("host", name="pk_host_wait"),
    )
    op.create_table(
        "robots",
        sa.Column("origin", TEXT, nullable=False),
        sa.Column("status", sa.Integer()),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("fetched_at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("origin", name="pk_robots"),
    )
    op.create_index("ix_robots_fetched_at", "robots", ["fetched_at"])
