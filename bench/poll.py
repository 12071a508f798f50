"""What a poll of many feeds costs: runs the feed farm that is kept beside the project, and prints its table.

    python bench/poll.py [--reader PYTHON] [--feeds 1000] [--entries 30] [--rounds first,unchanged,changed:0.1] ...

The aggregator's configuration is written from the farm's list of URLs, with the settings of a measuring run. All
figures are of the whole process tree of `aggregator once --force`, start-up included; `nothing` is a round over no
feeds, the program's own time. With --reader, a Python that has lemon24/reader (`pip install reader==3.26 sgmllib3k`),
that library polls the same farm beside it, and so does newsboat where it is installed. Whatever else is said goes to
the farm's own driver.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
TOOLS = ROOT.parent / "shared" / "tools"
READER = """
import sys
from reader import make_reader
reader = make_reader(sys.argv[1])
for url in open(sys.argv[2]).read().split() if len(sys.argv) > 2 else ():
    reader.add_feed(url, exist_ok=True)
if len(sys.argv) == 2:
    reader.update_feeds(workers=10, scheduled=False)
"""


def write_config(urls: Path | None, work: Path) -> None:
    """Write feeds.toml into the work directory: one feed a URL; without a list, none."""
    settings = (TOOLS / "acceptance.toml").read_text("utf-8")
    known = re.findall(r"\S+", urls.read_text("utf-8")) if urls else []
    feeds = [
        f'\n[[feed]]\nid = "f{number}"\nurl = "{url}"\nread_pages = false\n'
        for number, url in enumerate(known, start=1)
    ]
    (work / "feeds.toml").write_text(settings + "".join(feeds), "utf-8")


def ours(name: str, urls: str) -> list[str]:
    """Give the driver's options for the aggregator under a name."""
    once = f"{sys.executable} -m aggregator --config {{work}}/feeds.toml -q once --force"
    return [
        *("--setup", f"{name}={sys.executable} {__file__} --write {{work}} {urls}"),
        *("--command", f"{name}={once}"),
    ]


def reader(python: str) -> list[str]:
    """Give the driver's options for lemon24/reader."""
    script = f"{python} {__file__}.reader"
    Path(f"{__file__}.reader").write_text(READER, "utf-8")
    return [
        *("--setup", f"reader={script} {{work}}/db.sqlite {{urls}}"),
        *("--command", f"reader={script} {{work}}/db.sqlite"),
        *("--setup", f"reader-nothing={script} {{work}}/db.sqlite /dev/null"),
        *("--command", f"reader-nothing={script} {{work}}/db.sqlite"),
    ]


def newsboat() -> list[str]:
    """Give the driver's options for newsboat."""
    write = "printf 'reload-threads 20\\n' > {work}/config && cp {urls} {work}/urls"
    poll = "newsboat -q -x reload -u {work}/urls -c {work}/cache.db -C {work}/config"
    return ["--setup", f"newsboat={write}", "--command", f"newsboat={poll}"]


def main() -> int:
    """Run the farm's own driver with our commands, and its peers' where they are."""
    if sys.argv[1:2] == ["--write"]:
        write_config(Path(sys.argv[3]) if len(sys.argv) > 3 else None, Path(sys.argv[2]))
        return 0
    if not (TOOLS / "bench_poll.py").is_file():
        print("bench/poll.py: the feed farm is not here (../shared/tools); nothing was measured")
        return 0
    rest, peers = sys.argv[1:], []
    if "--reader" in rest:
        at = rest.index("--reader")
        peers = reader(rest[at + 1])
        del rest[at : at + 2]
        peers += newsboat() if shutil.which("newsboat") else []
    command = [sys.executable, str(TOOLS / "bench_poll.py")]
    try:
        return subprocess.run(
            [*command, *ours("ours", "{urls}"), *ours("nothing", ""), *peers, *rest], check=False, cwd=ROOT
        ).returncode
    finally:
        Path(f"{__file__}.reader").unlink(missing_ok=True)


if __name__ == "__main__":
    sys.exit(main())
