"""What a fit shows: text, pictures, a page, and the change to the source."""
