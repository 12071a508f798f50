"""What every test may use."""

import pytest
from hypothesis import HealthCheck, settings

# The same examples at every run, on a machine however busy: a test that fails by chance says nothing.
settings.register_profile(
    "house", deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("house")


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"
