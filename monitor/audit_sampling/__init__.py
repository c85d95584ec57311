"""Audit sampling: conclusions of stated confidence about streams too large to examine whole."""
