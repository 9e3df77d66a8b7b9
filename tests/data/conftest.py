import pytest


@pytest.fixture
def root(tmp_path, monkeypatch):
    """An empty OE_DATA."""
    monkeypatch.setenv("OE_DATA", str(tmp_path))
    return tmp_path
