from oe_core.data.catalog import CATALOG
from oe_core.data.catalog.image_readers import SOURCES


def test_every_source_is_a_split_of_the_catalog_made_of_files_of_its_row():
    for key, splits in SOURCES.items():
        files = {file.name for file in CATALOG[key].files}
        assert set(splits) <= set(CATALOG[key].splits), key
        assert all(set(source.files) <= files for source in splits.values()), key


def test_every_image_set_that_anyone_may_fetch_has_a_source_for_each_of_its_splits():
    open_rows = [row for row in CATALOG.values() if row.access == "open" and row.kind == "images"]
    assert {row.key: set(SOURCES.get(row.key, ())) for row in open_rows} == {r.key: set(r.splits) for r in open_rows}
