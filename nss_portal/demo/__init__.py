"""The demonstration: people, schools and keys that are nobody's."""
