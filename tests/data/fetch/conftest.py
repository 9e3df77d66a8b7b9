"""A server of files, and a row of the catalog whose file it has."""

import hashlib

import pytest
from file_server import CONTENT, serving

from oe_core.data.catalog import CATALOG, DataFile, DataSet
from oe_core.data.fetch import http


@pytest.fixture
def server():
    with serving() as started:
        yield started


@pytest.fixture
def shelf(server, tmp_path, monkeypatch):
    """A catalog row "shapes" with one file at the server; calling it changes the file, then the row."""
    monkeypatch.setenv("OE_DATA", str(tmp_path))
    monkeypatch.delenv("OE_OFFLINE", raising=False)
    monkeypatch.setattr(http, "PAUSE", 0)
    address = f"http://127.0.0.1:{server.server_port}/shapes.bin"

    def put(row_settings=None, **file_settings):
        known = {"bytes": len(CONTENT), "digest": hashlib.sha256(CONTENT).hexdigest(), "addresses": (address,)}
        texts = dict.fromkeys(("printed_name", "title", "terms", "by_hand", "citation"), "shapes") | {"kind": "images"}
        settings = {"access": "open", "splits": {"test": 1}} | texts | (row_settings or {})
        row = DataSet("shapes", files=(DataFile("shapes.bin", **(known | file_settings)),), **settings)
        monkeypatch.setitem(CATALOG, "shapes", row)
        return tmp_path / "downloads" / "shapes" / "shapes.bin"

    return put
