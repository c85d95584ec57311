"""The page, the metrics and the management calls."""
