"""OpenTelemetry: each closed deal as one trace, and tieout's own work as traces."""
