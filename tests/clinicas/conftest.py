"""The country without clinics, for tests that open their own."""

import pytest

from clinicas.models import Alta, Clinica, Cobertura, Consultorio, Peticion


@pytest.fixture
def sin_clinicas(catalogo: None) -> None:
    """Those of the demonstration are away until the test ends."""
    for modelo in (Alta, Peticion, Cobertura, Consultorio, Clinica):
        modelo.objects.all().delete()
