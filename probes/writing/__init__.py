"""Writers: how what was planned, guarded and approved is written to a system, once."""
