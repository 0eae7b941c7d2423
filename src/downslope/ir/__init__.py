"""The intermediate representation: what it is, its names, its check and its text."""
