"""Mail, to people and to staff."""
