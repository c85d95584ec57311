"""Evidence that can be checked without tieout: signed heads of the audit log, and a verifier."""
