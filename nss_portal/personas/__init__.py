"""People: who holds a CURP, what the registry says of them, who looked at their data."""
