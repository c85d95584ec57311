"""The documentation shows every dashboard. What is on the pictures is for people to look at."""

from pathlib import Path

from dashboards.pages import DASHBOARDS

DOCS = Path(__file__).parents[2] / "docs"
PICTURES = DOCS / "images" / "dashboards"
MOST_BYTES = 120_000


def test_there_is_a_small_picture_of_every_dashboard_and_the_documentation_shows_it() -> None:
    page = (DOCS / "how-to" / "watch-tieout-with-prometheus.md").read_text("utf-8")
    pictures = {picture.name: picture for picture in PICTURES.iterdir()}
    assert set(pictures) == {f"{board.uid}.png" for board in DASHBOARDS}
    for name, picture in pictures.items():
        assert f"../images/dashboards/{name}" in page
        assert picture.stat().st_size <= MOST_BYTES
