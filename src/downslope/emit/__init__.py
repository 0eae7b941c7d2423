"""IR to readable Python text."""
