"""The vocabulary: what a record, a break, a probe or a rule is. Imports nothing of ours."""
