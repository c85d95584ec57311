"""What every probe shares: calls within a budget, paging, selecting and mapping."""
