"""The shipped words of dates and languages are what their sources give, to the byte."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize("script", ["build_dates", "build_languages"])
def test_the_shipped_file_is_what_the_sources_give(script: str) -> None:
    # In a process of its own: what Babel has loaded before, and forgets here, is other tests' business.
    command = [sys.executable, str(ROOT / "scripts" / f"{script}.py"), "--check"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, f"run scripts/{script}.py\n{done.stderr}"
