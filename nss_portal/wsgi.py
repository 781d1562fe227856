"""WSGI entry of the portal; granian's worker processes import it."""

import os

from django.core.wsgi import get_wsgi_application

from nss_portal.servicio.procesos import morir_con_el_padre

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "nss_portal.settings")
# Under `manage.py iniciar` each web process dies with the one that started it: no orphan keeps the port.
if os.environ.get("PORTAL_SUPERVISADO"):
    morir_con_el_padre()

application = get_wsgi_application()
