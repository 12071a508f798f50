"""The shipped gazetteer is what its sources give, to the byte."""

import importlib.util
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def test_the_shipped_file_is_what_the_sources_give() -> None:
    from aggregator.core.regions.archive import Archive

    spec = importlib.util.spec_from_file_location("build_gazetteer", ROOT / "scripts" / "build_gazetteer.py")
    assert spec is not None
    assert spec.loader is not None
    build = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(build)
    shipped = (ROOT / "aggregator" / "data" / "regions.bin").read_bytes()
    assert Archive.to_bytes(build.sections()) == shipped, "run scripts/build_gazetteer.py"
