"""The schools' screens, in Django's admin."""
