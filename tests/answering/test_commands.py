"""What `/tieout` answers, to those who may read, with nothing in it that has an effect."""

import pytest

from tests.answering.scene import MEMBERS, Scene


@pytest.mark.parametrize("who", sorted(MEMBERS))
def test_everybody_who_reads_is_told_how_things_stand(who: str, quiet_scene: Scene) -> None:
    told = quiet_scene.command(who, "status")
    assert "sales: " in told
    assert "every stream is seen" in told


def test_a_deals_way_is_drawn(quiet_scene: Scene) -> None:
    told = quiet_scene.command("vic", "trace OPP-3")
    assert told.startswith("```\n")
    assert "OPP-3" in told
    assert "900.00" in told
    assert len(told) < 3_000


def test_an_unknown_deal_is_said_without_effects(quiet_scene: Scene) -> None:
    told = quiet_scene.command("vic", "trace <!channel> `x`\u202e")
    assert told == "No deal is called &lt;!channel&gt; 'x'."


@pytest.mark.parametrize("text", ["", "help", "fly", "trace", "approve everything"])
def test_anything_else_is_told_what_there_is(text: str, quiet_scene: Scene) -> None:
    assert quiet_scene.command("vic", text).startswith("`/tieout trace KEY`")


def test_a_stranger_is_told_nothing(quiet_scene: Scene) -> None:
    told = quiet_scene.command("U0EVE", "trace OPP-3")
    assert told == "Nothing was done: you are not among the people whom the landscape names."
