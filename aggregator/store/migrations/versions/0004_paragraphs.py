"""The paragraphs that outlets repeat, and feeds whose documents end their reader one after another.

Revision ID: 0004
"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
TIME = TEXT


def upgrade() -> None:
    """Add the tables, which fill as articles are saved, and the columns; what was struck before goes on counting."""
    op.add_column("feed", sa.Column("struck_in_row", sa.Integer()))
    op.add_column("feed", sa.Column("struck_at", TIME))
    op.execute("UPDATE feed SET struck_in_row = strikes WHERE strikes > 0")
    op.create_table(
        "outlet",
        sa.Column("id", ID, nullable=False),
        sa.Column("name", TEXT, nullable=False),
        sa.Column("articles", sa.Integer(), nullable=False),
        sa.Column("seen_at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_outlet"),
        sa.UniqueConstraint("name", name="uq_outlet_name"),
    )
    op.create_table(
        "paragraph",
        sa.Column("outlet", ID, nullable=False),
        sa.Column("hash", sa.BigInteger(), nullable=False),
        sa.Column("first", sa.Integer(), nullable=False),
        sa.Column("last", sa.Integer(), nullable=False),
        sa.Column("articles", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["outlet"], ["outlet.id"], name="fk_paragraph_outlet"),
        sa.PrimaryKeyConstraint("outlet", "hash", name="pk_paragraph"),
        sqlite_with_rowid=False,
    )
