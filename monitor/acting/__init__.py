"""Acting: what people may have done from a page or a message, checked as they ask for it."""
