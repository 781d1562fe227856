"""What keeps the service itself honest: limits, time, health, processes."""
