"""Postal codes, colonias, municipios, entidades, and the catalogues that bring them."""
