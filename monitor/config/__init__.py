"""The landscape: what a firm's YAML says, read strictly."""

from monitor.config.landscape import Landscape

__all__ = ["Landscape"]
