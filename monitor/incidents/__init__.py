"""Incidents: raised in a cycle's own transaction, shown as they stand, told by a job of its own."""
