"""Whatever stands in the file, loading it gives a landscape or a list of issues."""

import contextlib
import copy
import json
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from monitor.config import ConfigurationError
from monitor.config.document import parse_document
from monitor.config.load import resolve_landscape
from tests.config.test_load import ENVIRONMENT, FIRM
from tests.config.toys import TOYS

DOCUMENT = parse_document(FIRM.read_text(encoding="utf-8"), FIRM)
PATHS = sorted((path for path in DOCUMENT.values if path), key=repr)
JUNK = st.recursive(
    st.one_of(
        st.none(),
        st.booleans(),
        st.integers(-(10**20), 10**20),
        st.floats(allow_nan=False, allow_infinity=False),
        st.text(max_size=12),
        st.sampled_from(["rest", "web", "${env:PORT}", "${env:GONE}", "${", "crm.opportunity"]),
    ),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=6,
)


def load(tree: Any) -> None:
    text = json.dumps(tree)
    with contextlib.suppress(ConfigurationError):
        resolve_landscape(parse_document(text, FIRM), TOYS, ENVIRONMENT)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(JUNK)
def test_any_structure_is_a_landscape_or_refused(tree: Any) -> None:
    load(tree)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.data())
def test_a_good_landscape_with_junk_put_in_is_read_or_refused(data: st.DataObject) -> None:
    tree = copy.deepcopy(DOCUMENT.tree)
    for path in data.draw(st.lists(st.sampled_from(PATHS), min_size=1, max_size=3)):
        holder = tree
        with contextlib.suppress(AttributeError, KeyError, IndexError, TypeError):
            for step in path[:-1]:
                holder = holder[step]
            if data.draw(st.booleans()) or not isinstance(path[-1], str):
                holder[path[-1]] = data.draw(JUNK)
            else:
                holder[data.draw(st.text(max_size=8))] = holder.pop(path[-1])
    load(tree)


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_a_good_landscape_cut_or_spliced_anywhere_is_read_or_refused(data: st.DataObject) -> None:
    text = FIRM.read_text(encoding="utf-8")
    start, end = sorted(data.draw(st.tuples(*[st.integers(0, len(text))] * 2)))
    spliced = text[:start] + data.draw(st.text(max_size=10)) + text[end:]
    with contextlib.suppress(ConfigurationError):
        resolve_landscape(parse_document(spliced, Path("f.yaml")), TOYS, ENVIRONMENT)
