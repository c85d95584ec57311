"""What is said of connectors is what the tests do."""

from tests.vendors.reference import PAGE, PROVEN, cases, connector_page, proven_file, untried
from tests.vendors.table import VENDORS


def test_how_each_is_proven_is_written_from_the_tests() -> None:
    assert PROVEN.read_text(encoding="utf-8") == proven_file()


def test_the_page_is_written_from_definitions_and_tests() -> None:
    assert PAGE.read_text(encoding="utf-8") == connector_page()


def test_every_definition_has_a_stand_in() -> None:
    assert untried() == set()


def test_nobody_is_exempt_from_a_test_that_does_not_exist() -> None:
    exempt = {case for vendor in VENDORS.values() for case in vendor.exempt}
    assert exempt <= set(cases())
