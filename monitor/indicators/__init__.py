"""Business indicators: what is measured of each deal, and what follows from it."""
