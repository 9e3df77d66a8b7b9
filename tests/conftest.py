"""What holds in every test: no network, no data and no runs but the test's own, and the same examples each time."""

import os
import socket

import pytest
from hypothesis import settings

import oe_core  # noqa: F401  before any test loads torch, which then reads how many threads it may have

# A warning becomes an error in every test: see `filterwarnings` in pyproject.toml.
os.environ.setdefault("MPLBACKEND", "Agg")
settings.register_profile("book", deadline=None, derandomize=True)
settings.load_profile("book")

LOCAL = ("127.0.0.1", "::1", "localhost")


@pytest.fixture(autouse=True, scope="session")
def own_folders(tmp_path_factory):
    """Point OE_DATA and OE_RUNS to empty folders: what lies on the reader's machine changes no test."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("OE_DATA", str(tmp_path_factory.mktemp("data")))
        patch.setenv("OE_RUNS", str(tmp_path_factory.mktemp("runs")))
        yield


@pytest.fixture(autouse=True, scope="session")
def no_network():
    """Refuse connections to other machines; a server of the test's own on 127.0.0.1 is reached."""
    connect = socket.socket.connect

    def connect_nearby(self, address):
        if self.family in (socket.AF_INET, socket.AF_INET6) and address[0] not in LOCAL:
            raise RuntimeError(f"a test connects to {address}; tests reach only {', '.join(LOCAL)}")
        return connect(self, address)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(socket.socket, "connect", connect_nearby)
        yield
