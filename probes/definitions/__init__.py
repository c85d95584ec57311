"""Ready definitions: what a vendor's system needs to be read, but for address and credential."""

from probes.definitions.expansion import expand_system

__all__ = ["expand_system"]
