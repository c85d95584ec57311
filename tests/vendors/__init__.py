"""Vendors' systems: stand-ins on loopback, and what holds of reading and writing each."""
