"""The unit does what robustness asks of it, and systemd itself finds nothing to say."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
UNIT = ROOT / "systemd" / "aggregator.service"
ANALYZE = shutil.which("systemd-analyze")

needs_systemd = pytest.mark.skipif(ANALYZE is None, reason="systemd-analyze is not here")


def settings() -> dict[str, list[str]]:
    """Every setting with the values it is given, in order."""
    found: dict[str, list[str]] = {}
    for line in UNIT.read_text("utf-8").splitlines():
        if "=" in line and not line.startswith("#"):
            name, _, value = line.partition("=")
            found.setdefault(name, []).append(value)
    return found


def installed_unit(directory: Path) -> Path:
    """A copy whose program exists on this machine: `verify` complains of the one that is not installed."""
    copy = directory / "aggregator.service"
    copy.write_text(UNIT.read_text("utf-8").replace("/opt/aggregator/bin/aggregator", "/bin/true"), "utf-8")
    return copy


@needs_systemd
def test_systemd_reads_the_unit_without_a_word(tmp_path: Path) -> None:
    # It exits 0 on keys that it does not know, so that silence is what counts.
    done = subprocess.run(
        [str(ANALYZE), "verify", str(installed_unit(tmp_path))],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (done.returncode, done.stderr, done.stdout) == (0, "", "")


@needs_systemd
def test_systemd_complains_of_a_key_that_it_does_not_know(tmp_path: Path) -> None:
    unit = installed_unit(tmp_path)
    unit.write_text(unit.read_text("utf-8").replace("PrivateTmp=", "PrivatTmp="), "utf-8")
    done = subprocess.run(
        [str(ANALYZE), "verify", str(unit)], capture_output=True, text=True, timeout=60, check=False
    )
    assert "PrivatTmp" in done.stderr


@needs_systemd
def test_the_exposure_is_two_at_most(tmp_path: Path) -> None:
    command = [str(ANALYZE), "security", "--offline=yes", "--threshold=20", str(installed_unit(tmp_path))]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stdout[-400:] + done.stderr


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("Type", "notify"),
        ("NotifyAccess", "main"),
        ("ExecStart", "/opt/aggregator/bin/aggregator run"),
        ("ExecReload", "/bin/kill -HUP $MAINPID"),
        ("WatchdogSec", "120"),
        ("Restart", "on-failure"),
        ("RestartPreventExitStatus", "78"),
        ("TimeoutStopSec", "30"),
        ("User", "aggregator"),
        ("Group", "aggregator"),
        ("UMask", "0007"),
        ("StateDirectory", "aggregator"),
        ("StateDirectoryMode", "2770"),
        ("NoNewPrivileges", "yes"),
        ("CapabilityBoundingSet", ""),
        ("ProtectSystem", "strict"),
        ("ProtectHome", "yes"),
        ("PrivateTmp", "yes"),
        ("PrivateDevices", "yes"),
        ("PrivateUsers", "yes"),
        ("ProtectKernelTunables", "yes"),
        ("ProtectKernelModules", "yes"),
        ("ProtectKernelLogs", "yes"),
        ("ProtectControlGroups", "yes"),
        ("ProtectClock", "yes"),
        ("ProtectHostname", "yes"),
        ("ProtectProc", "invisible"),
        ("ProcSubset", "pid"),
        ("RestrictNamespaces", "yes"),
        ("RestrictRealtime", "yes"),
        ("RestrictSUIDSGID", "yes"),
        ("LockPersonality", "yes"),
        ("MemoryDenyWriteExecute", "yes"),
        ("RemoveIPC", "yes"),
        ("SystemCallArchitectures", "native"),
        ("SystemCallErrorNumber", "EPERM"),
        ("RestrictAddressFamilies", "AF_INET AF_INET6 AF_UNIX"),
        ("MemoryHigh", "768M"),
        ("MemoryMax", "1G"),
        ("TasksMax", "64"),
        ("OOMPolicy", "continue"),
    ],
)
def test_the_unit_says(name: str, value: str) -> None:
    assert settings()[name] == [value]


def test_the_unit_lets_the_program_find_its_files_and_filters_its_system_calls() -> None:
    found = settings()
    assert found["Environment"] == [
        "AGGREGATOR_CONFIG=/etc/aggregator/feeds.toml",
        "AGGREGATOR_DATABASE=sqlite:/var/lib/aggregator/aggregator.db",
        "AGGREGATOR_OUTPUT=/var/lib/aggregator/output",
    ]
    assert found["SystemCallFilter"] == ["@system-service", "~@privileged"]
    assert {"StartLimitBurst", "StartLimitIntervalSec"} <= found.keys()


def test_loopback_is_not_denied_since_that_would_cut_off_the_web_server_in_front() -> None:
    assert "IPAddressDeny" not in settings()
