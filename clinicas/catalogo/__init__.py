"""Which clinics there are, and which postal codes they serve."""
