"""What schools say of their students."""
