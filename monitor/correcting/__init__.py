"""Correct: what policy lets tieout repair, planned, guarded, approved, written once and proved."""
