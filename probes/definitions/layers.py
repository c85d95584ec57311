"""Layers: what somebody says, laid over what is ready."""

from collections.abc import Mapping
from typing import Any

_TOLD_APART_BY = "kind"


def lay_over(base: Any, above: Any) -> Any:
    """What is above, and of the base whatever it does not name.

    Mappings are joined key by key, except where both say of what kind they are and differ; null
    takes the key away. All else replaces what was there.
    """
    if not (isinstance(base, Mapping) and isinstance(above, Mapping)):
        return above
    kinds = {base.get(_TOLD_APART_BY), above.get(_TOLD_APART_BY)} - {None}
    if len(kinds) > 1:
        return dict(above)
    joined = dict(base)
    for key, value in above.items():
        if value is None:
            joined.pop(key, None)
        else:
            joined[key] = lay_over(base[key], value) if key in base else value
    return joined
