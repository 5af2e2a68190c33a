"""A running instance into one file, and back."""
