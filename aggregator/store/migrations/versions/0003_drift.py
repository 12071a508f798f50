"""How well the rules of sites fit the pages of each feed.

Revision ID: 0003
"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
TIME = TEXT


def upgrade() -> None:
    """Add the table; it fills as pages are read."""
    op.create_table(
        "rule_standing",
        sa.Column("feed", ID, nullable=False),
        sa.Column("rule", TEXT, nullable=False),
        sa.Column("field", TEXT, nullable=False),
        sa.Column("digest", TEXT, nullable=False),
        sa.Column("hits", sa.Integer(), nullable=False),
        sa.Column("misses", sa.Integer(), nullable=False),
        sa.Column("missed_in_row", sa.Integer(), nullable=False),
        sa.Column("missing_since", TIME),
        sa.Column("seen_at", TIME, nullable=False),
        sa.ForeignKeyConstraint(["feed"], ["feed.id"], name="fk_rule_standing_feed"),
        sa.PrimaryKeyConstraint("feed", "rule", "field", name="pk_rule_standing"),
        sqlite_with_rowid=False,
    )
