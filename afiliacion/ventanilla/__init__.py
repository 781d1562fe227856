"""The counter of a subdelegación."""
