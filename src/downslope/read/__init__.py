"""The user's Python, read: source text, constants, what is refused, and IR."""
