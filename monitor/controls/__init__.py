"""Controls: what they are, when they ran, what they found, and how their rules changed."""
