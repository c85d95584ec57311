"""The landscape: what a firm's YAML says, read strictly."""

from monitor.config.issues import ConfigurationError, Issue
from monitor.config.landscape import Landscape
from monitor.config.load import load_landscape

__all__ = ["ConfigurationError", "Issue", "Landscape", "load_landscape"]
