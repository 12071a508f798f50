"""`make demo`: one round of the aggregator against the example newsroom, on this machine alone.

Serves newsroom/ on loopback, lets the real program read it with feeds.toml, and says where to look. What was
stored and written stays in state/ and output/ beside this file. With SERVE=1 the daemon then runs until Ctrl-C.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Final

from origin import ADDRESS, Server

HERE: Final = Path(__file__).resolve().parent
CONFIG: Final = HERE / "feeds.toml"
OUTPUT: Final = HERE / "output"
OURS: Final = (
    "AGGREGATOR_CONFIG",
    "AGGREGATOR_DATABASE",
    "AGGREGATOR_OUTPUT",
)  # would lead away from examples/


def shown(path: Path) -> str:
    """Return a path as a person at the prompt would type it."""
    return os.path.relpath(path)


def run(*arguments: str) -> int:
    """Run the program as a user would, and return its exit code; Ctrl-C is the program's to answer."""
    environment = {name: value for name, value in os.environ.items() if name not in OURS}
    command = [sys.executable, "-m", "aggregator", "--config", str(CONFIG), *arguments]
    with subprocess.Popen(command, env=environment, cwd=HERE.parent) as process:  # noqa: S603  # words of our own
        signal.signal(signal.SIGTERM, lambda *_: process.terminate())
        while True:
            try:
                return process.wait()
            except KeyboardInterrupt:  # the terminal has told the child too: wait for its clean stop
                continue


def where_to_look() -> str:
    """Return what a newcomer does next."""
    program = Path(sys.executable).with_name("aggregator")
    command = f"{shown(program) if program.is_file() else 'aggregator'} --config {shown(CONFIG)}"
    return f"""
The round is over. Look at

  {shown(OUTPUT / "index.html")}
      what readers see: open it in a browser
  {shown(OUTPUT / "internasional" / "rss.xml")}
      the feed that subscribers get (atom.xml and feed.json lie beside it)
  {command} stories --section internasional
      its stories with their places and copies (--json: every field)
  {command} status
      how feeds and sections do
  {shown(CONFIG)}
      the file that editors write; change it and run `make demo` again

`make demo SERVE=1` serves all this until Ctrl-C."""


def main() -> int:
    """Run the round, and with SERVE=1 the daemon after it; the exit code is the program's."""
    serve = os.environ.get("SERVE", "") not in {"", "0"}
    try:
        origin = Server()
    except OSError as error:
        reason = os.strerror(error.errno) if error.errno else str(error)
        print(
            f"demo: {ADDRESS} cannot be used ({reason}); stop what listens there, then try again",
            file=sys.stderr,
        )
        return 1
    with origin:
        print(f"The example newsroom answers at http://{ADDRESS}/", flush=True)
        code = run("once", "--force")
        if code == 0 and serve:
            print(flush=True)
            return run("run")
    if code == 0:
        print(where_to_look())
    return code


if __name__ == "__main__":
    sys.exit(main())
