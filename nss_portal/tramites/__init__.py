"""What every trámite goes through, whatever its kind."""
