"""Issued documents: frozen, sealed, drawn, signed, verified."""
