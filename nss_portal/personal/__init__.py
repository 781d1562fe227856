"""What staff see in Django's admin."""
