"""The counter's screens, in Django's admin."""
