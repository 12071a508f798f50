"""What every command shares: the file, the clock, and how an error is told."""

from __future__ import annotations

import os
import shutil
import sys
import traceback
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final

from aggregator.errors import AggregatorError, AlreadyRunning, ConfigError, StoreError

if TYPE_CHECKING:
    from aggregator.daemon.configuration import InForce
    from aggregator.store import Store

DONE: Final = 0
FAILED: Final = 1
HELD: Final = 75
MISCONFIGURED: Final = 78
INTERRUPTED: Final = 130


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """What the options before the command say."""

    path: Path  # of feeds.toml
    quiet: bool = False
    verbose: bool = False

    def at(self, file: Path | None) -> Context:
        """Give the same context for another feeds.toml."""
        return replace(self, path=file) if file else self

    @property
    def now(self) -> datetime:
        """The wall clock, in UTC."""
        return datetime.now(UTC)

    def load(self) -> InForce:
        """Load feeds.toml; raises ConfigError."""
        from aggregator.daemon.configuration import loaded
        from aggregator.jobs.places import packaged_gazetteer

        return loaded(self.path, gazetteer=packaged_gazetteer(), environment=os.environ)

    def load_or_last_good(self, last_good: Callable[[], str | None]) -> InForce:
        """Load feeds.toml; a faulty one gives way to the text given; raises ConfigError when there is none."""
        from aggregator.daemon.configuration import in_force_at_start
        from aggregator.jobs.places import packaged_gazetteer

        return in_force_at_start(
            self.path, last_good=last_good, gazetteer=packaged_gazetteer(), environment=os.environ
        )

    def in_force(self) -> tuple[InForce, Store]:
        """Give the configuration in force and the store, open for reading; raises ConfigError or StoreError.

        A faulty file gives way to the last good one, as it does in the daemon.
        """
        from aggregator.daemon.configuration import database_of
        from aggregator.store import open_reader

        try:
            store = open_reader(database_of(self.path, os.environ))
        except StoreError:
            self.load()  # what is wrong with the file comes first: it says where the store is
            raise
        return self.load_or_last_good(store.last_config), store

    def stored_config(self, database: str) -> str | None:
        """Give the last good configuration of a store, if there is such a store."""
        from aggregator.store import open_reader

        try:
            store = open_reader(database)
        except StoreError:
            return None
        try:
            return store.last_config()
        finally:
            store.close()


def own_name() -> str:
    """Give what to type for this program: its plain name where the shell finds it, else as it was called."""
    called = Path(sys.argv[0])
    return str(called) if called.name == "aggregator" and not shutil.which("aggregator") else "aggregator"


def nobody_reads() -> None:
    """Send stdout nowhere, since its reader has gone (`| head`).

    What is still buffered would else fail again at every flush: at the end, and whenever a child is started.
    """
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def guarded(context: Context, command: Callable[[], int | None]) -> None:
    """Run a command and exit with the contract's code; an error is one line on stderr, a traceback only with -v."""
    try:
        code = command() or DONE
        sys.stdout.flush()
    except ConfigError as error:
        code = tell(str(error), MISCONFIGURED)
    except AlreadyRunning as error:
        code = tell(str(error), HELD)
    except AggregatorError as error:
        code = tell(str(error), FAILED)
    except KeyboardInterrupt:
        code = INTERRUPTED
    except BrokenPipeError:
        nobody_reads()
        code = DONE
    except Exception as error:  # noqa: BLE001 - the last boundary: people see a line, not a traceback
        if context.verbose:
            traceback.print_exc()
        code = tell(f"a fault of this program: {type(error).__name__}: {error}; -v shows where", FAILED)
    sys.exit(code)


def tell(message: str, code: int) -> int:
    """Say what is wrong, on stderr, with nothing in it that commands a terminal."""
    from aggregator.observe import printable

    for line in message.splitlines() or [""]:
        print(printable(line), file=sys.stderr)
    return code
