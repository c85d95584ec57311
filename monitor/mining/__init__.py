"""Process mining: transactions as an object-centric event log (OCEL 2.0)."""
