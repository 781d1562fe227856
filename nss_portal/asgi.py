"""The entry that the server's processes import: Django, behind what receives its requests."""

import os

from django.conf import settings

from nss_portal.servicio.recepcion import Recepcion, cortar_a_quien_no_lee
from nss_portal.wsgi import application as wsgi

PLAZO = float(os.environ.get("PORTAL_PLAZO", "15"))  # `manage.py iniciar --plazo`

cortar_a_quien_no_lee(PLAZO)
application = Recepcion(
    wsgi,
    # Each thread holds a database connection. Requests are short; what is long is the workers'.
    hilos=min(4, (os.cpu_count() or 1) * 2 + 1),
    plazo=PLAZO,
    carpeta=settings.VAR_DIR,
)
