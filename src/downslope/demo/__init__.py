"""Programs and data for the demonstrations."""
