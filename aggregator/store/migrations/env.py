"""What alembic runs: the migrations, on the connection that `versions.migrate` configured."""

from alembic import context

context.run_migrations()
