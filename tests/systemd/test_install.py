"""Installing below a directory: what goes where, with what modes, and what is never touched.

The interpreter is the one edge that is swapped: a small one that notes what it is asked for, and makes the few files
that a real venv and a real pip would make. A real installation is for `make system`.
"""

from __future__ import annotations

import os
import shutil
import stat
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
NOTES = "notes.txt"

PYTHON = """#!/bin/sh
set -eu
here=$(dirname "$0")
echo "$*" >>"{notes}"
case "$1 $2" in
    "-m venv")
        mkdir -p "$3/bin"
        cp "$0" "$3/bin/python"
        printf '#!%s/bin/python\\nVIRTUAL=%s\\n' "$3" "$3" >"$3/bin/aggregator"
        chmod +x "$3/bin/aggregator"
        ;;
    "-m pip")
        case "$*" in *{refuse}*) echo "no network" >&2; exit 1 ;; esac
        ;;
esac
"""


class Machine:
    """A directory that stands for a machine's root."""

    def __init__(self, directory: Path) -> None:
        self.root = directory / "machine"
        self.root.mkdir()
        self.notes = directory / NOTES
        self.python = directory / "python"
        self.set_python(refuse="nothing-is-refused")

    def set_python(self, *, refuse: str) -> None:
        self.python.write_text(PYTHON.format(notes=self.notes, refuse=refuse), "utf-8")
        self.python.chmod(0o755)

    def run(self, script: str) -> subprocess.CompletedProcess[str]:
        environment = {"PATH": os.environ["PATH"], "DESTDIR": str(self.root), "PYTHON": str(self.python)}
        command = ["sh", str(ROOT / "scripts" / script)]
        return subprocess.run(
            command, env=environment, capture_output=True, text=True, timeout=60, check=False
        )

    def path(self, name: str) -> Path:
        return self.root / name

    def mode(self, name: str) -> str:
        return f"{stat.S_IMODE(self.path(name).stat().st_mode):o}"


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    made = Machine(tmp_path)
    done = made.run("install.sh")
    assert (done.returncode, done.stderr) == (0, "")
    return made


def test_every_dependency_is_checked_against_its_hash_and_the_program_itself_is_no_link(
    machine: Machine,
) -> None:
    asked = [line for line in machine.notes.read_text("utf-8").splitlines() if " pip " in line]
    assert len(asked) == 2
    assert "--require-hashes" in asked[0]
    assert asked[0].endswith(str(ROOT / "requirements.lock"))
    assert asked[1].endswith(f"--no-deps --no-build-isolation {ROOT}")
    assert not any(f" {flag} " in line for line in asked for flag in ("-e", "--editable"))


def test_the_scripts_name_the_place_where_they_end_up(machine: Machine) -> None:
    program = machine.path("opt/aggregator/bin/aggregator").read_text("utf-8")
    assert program == "#!/opt/aggregator/bin/python\nVIRTUAL=/opt/aggregator\n"
    assert not machine.path("opt/aggregator.new").exists()


def test_directories_and_files_have_the_modes_that_a_group_needs(machine: Machine) -> None:
    assert {name: machine.mode(name) for name in MODES} == MODES


MODES = {
    "etc/aggregator": "2770",
    "etc/aggregator/credentials": "700",
    "etc/aggregator/feeds.toml": "660",
    "var/lib/aggregator": "2770",
    "var/lib/aggregator/output": "755",
    "etc/systemd/system/aggregator.service": "644",
    "etc/sysusers.d/aggregator.conf": "644",
    "etc/tmpfiles.d/aggregator.conf": "644",
    "usr/local/bin/aggregator": "755",
}


def test_the_modes_are_those_that_tmpfiles_makes_on_a_real_machine() -> None:
    lines = (ROOT / "systemd" / "aggregator.tmpfiles.conf").read_text("utf-8").splitlines()
    made = {
        line.split()[1].lstrip("/"): line.split()[2].lstrip("0") for line in lines if line.startswith("d ")
    }
    assert made.items() <= MODES.items()
    assert len(made) == 4


def test_the_first_feeds_toml_is_the_starter(machine: Machine) -> None:
    assert machine.path("etc/aggregator/feeds.toml").read_bytes() == (ROOT / "feeds.toml").read_bytes()


def test_installing_again_keeps_what_editors_wrote_and_replaces_the_program(machine: Machine) -> None:
    machine.path("etc/aggregator/feeds.toml").write_text("# ours\n", "utf-8")
    machine.path("var/lib/aggregator/aggregator.db").write_bytes(b"stories")
    machine.path("opt/aggregator/bin/old").write_text("old", "utf-8")
    assert machine.run("install.sh").returncode == 0
    assert machine.path("etc/aggregator/feeds.toml").read_text("utf-8") == "# ours\n"
    assert machine.path("var/lib/aggregator/aggregator.db").read_bytes() == b"stories"
    assert not machine.path("opt/aggregator/bin/old").exists()
    assert not machine.path("opt/aggregator.old").exists()


def test_a_download_that_fails_leaves_the_old_program_in_place(machine: Machine) -> None:
    machine.path("opt/aggregator/bin/old").write_text("old", "utf-8")
    machine.set_python(refuse="--require-hashes")
    done = machine.run("install.sh")
    assert done.returncode != 0
    assert "Installed" not in done.stdout
    assert machine.path("opt/aggregator/bin/old").read_text("utf-8") == "old"


def test_an_interpreter_that_is_too_old_is_told_in_one_line(tmp_path: Path) -> None:
    machine = Machine(tmp_path)
    machine.python.write_text("#!/bin/sh\nexit 1\n", "utf-8")
    done = machine.run("install.sh")
    assert done.returncode == 1
    assert len(done.stderr.splitlines()) == 1
    assert "3.11" in done.stderr
    assert list(machine.root.iterdir()) == []


def test_uninstalling_keeps_what_editors_wrote_and_what_was_gathered(machine: Machine) -> None:
    machine.path("var/lib/aggregator/aggregator.db").write_bytes(b"stories")
    done = machine.run("uninstall.sh")
    assert (done.returncode, done.stderr) == (0, "")
    left = sorted(str(path.relative_to(machine.root)) for path in machine.root.rglob("*") if path.is_file())
    kept = {
        "etc/aggregator/feeds.toml",
        "etc/aggregator/feeds.schema.json",
        "var/lib/aggregator/aggregator.db",
    }
    assert set(left) <= kept
    assert {"etc/aggregator/feeds.toml", "var/lib/aggregator/aggregator.db"} <= set(left)


def command_says(machine: Machine, tmp_path: Path, environment: dict[str, str], default: str = "") -> str:
    """Run the installed command with a program that prints what it was given."""
    program = tmp_path / "program"
    program.write_text(
        '#!/bin/sh\necho "$AGGREGATOR_CONFIG $AGGREGATOR_DATABASE $AGGREGATOR_OUTPUT $(umask) $*"\n', "utf-8"
    )
    program.chmod(0o755)
    settings = tmp_path / "default"
    settings.write_text(default, "utf-8")
    text = machine.path("usr/local/bin/aggregator").read_text("utf-8")
    command = tmp_path / "aggregator"
    command.write_text(
        text.replace("/opt/aggregator/bin/aggregator", str(program)).replace(
            "/etc/default/aggregator", str(settings)
        ),
        "utf-8",
    )
    done = subprocess.run(
        ["sh", str(command), "stories", "--section", "asia tengah"],
        env={"PATH": os.environ["PATH"], **environment},
        capture_output=True,
        text=True,
        timeout=30,
        check=True,
    )
    return done.stdout.strip()


def test_the_command_uses_the_store_of_the_service(machine: Machine, tmp_path: Path) -> None:
    unit = (ROOT / "systemd" / "aggregator.service").read_text("utf-8")
    service = [line.split("=", 2)[2] for line in unit.splitlines() if line.startswith("Environment=")]
    assert len(service) == 3
    said = command_says(machine, tmp_path, {})
    assert said == " ".join([*service, "0007", "stories --section asia tengah"])


def test_the_machines_own_settings_and_the_environment_win_in_that_order(
    machine: Machine, tmp_path: Path
) -> None:
    default = '# where the store is\nAGGREGATOR_DATABASE="postgresql:///news?host=/run/pg"\nAGGREGATOR_OUTPUT=/srv/news\nPATH=/nowhere'
    said = command_says(machine, tmp_path, {"AGGREGATOR_OUTPUT": "/home/me/out"}, default)
    assert said.split()[:3] == [
        "/etc/aggregator/feeds.toml",
        "postgresql:///news?host=/run/pg",
        "/home/me/out",
    ]


@pytest.mark.skipif(shutil.which("dash") is None, reason="dash is not here")
@pytest.mark.parametrize("script", ["install.sh", "uninstall.sh"])
def test_a_plain_shell_can_read_the_scripts(script: str) -> None:
    done = subprocess.run(
        ["dash", "-n", str(ROOT / "scripts" / script)],
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
