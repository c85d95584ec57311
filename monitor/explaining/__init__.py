"""Explaining a break: why, since when, who else has it, and what to do about it."""
