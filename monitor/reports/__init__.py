"""What is shown to people and machines, rendered from stored rows alone."""
