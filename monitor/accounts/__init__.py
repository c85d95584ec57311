"""Who can log in: passwords, sessions, tokens, and what keeps guessers away."""
