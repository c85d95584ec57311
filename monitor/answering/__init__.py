"""Answering: what people say from elsewhere is checked, done once, and answered to them alone."""
