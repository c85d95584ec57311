"""Evidence that can be checked without tieout: signed heads, packs, and what verifies them."""
