"""Extracts: the rules over files that somebody hands over, without a daemon and without a store."""
