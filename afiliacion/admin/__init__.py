"""Step 1 in the admin: the numbering, for central staff; and the lists of the counter."""

from afiliacion.admin import numeracion, ventanilla

__all__ = ["numeracion", "ventanilla"]
