"""What the three steps share for programs."""
