"""What the three steps share in a browser."""
