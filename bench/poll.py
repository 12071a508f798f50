"""What a poll of many feeds costs: runs the feed farm that is kept beside the project, and prints its table.

    python bench/poll.py [--feeds 1000] [--entries 30] [--rounds first,unchanged,changed:0.1] ...

The aggregator's configuration is written from the farm's list of URLs, with the settings of a measuring run. All
figures are of the whole process tree of `aggregator once --force`, start-up included.
"""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
TOOLS = ROOT.parent / "shared" / "tools"


def write_config(urls: Path, work: Path) -> None:
    """Write feeds.toml into the work directory: one feed a URL."""
    settings = (TOOLS / "acceptance.toml").read_text("utf-8")
    feeds = [
        f'\n[[feed]]\nid = "f{number}"\nurl = "{url}"\nread_pages = false\n'
        for number, url in enumerate(re.findall(r"\S+", urls.read_text("utf-8")), start=1)
    ]
    (work / "feeds.toml").write_text(settings + "".join(feeds), "utf-8")


def main() -> int:
    """Run the farm's own driver with our commands."""
    if sys.argv[1:2] == ["--write"]:
        write_config(Path(sys.argv[2]), Path(sys.argv[3]))
        return 0
    if not (TOOLS / "bench_poll.py").is_file():
        print("bench/poll.py: the feed farm is not here (../shared/tools); nothing was measured")
        return 0
    command = [
        sys.executable,
        str(TOOLS / "bench_poll.py"),
        *("--setup", f"{sys.executable} {__file__} --write {{urls}} {{work}}"),
        *("--command", f"{sys.executable} -m aggregator --config {{work}}/feeds.toml -q once --force"),
        *sys.argv[1:],
    ]
    return subprocess.run(command, check=False, cwd=ROOT).returncode


if __name__ == "__main__":
    sys.exit(main())
