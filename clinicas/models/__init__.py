"""The clinics, whom they serve, and who is registered in which consultorio."""

from clinicas.models.alta import Alta
from clinicas.models.clinica import CLUES_REGEX, Clinica, Cobertura
from clinicas.models.consultorio import Consultorio, Turno
from clinicas.models.peticion import Peticion

__all__ = ["CLUES_REGEX", "Alta", "Clinica", "Cobertura", "Consultorio", "Peticion", "Turno"]
