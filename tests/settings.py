"""The product's own settings in a throw-away folder: production's defaults, demonstration on."""

import atexit
import os
import shutil
import tempfile

_carpeta = tempfile.mkdtemp(prefix="portal-pruebas-")
atexit.register(shutil.rmtree, _carpeta, ignore_errors=True)
os.environ.update(
    VAR_DIR=_carpeta,
    SECRET_KEY="solo-para-las-pruebas",
    ALLOWED_HOSTS="testserver",
    DEMO="1",
    URL_PUBLICA="http://testserver",
)
for _variable in ("DEBUG", "EMAIL_URL", "RENAPO_URL"):
    os.environ.pop(_variable, None)

from nss_portal.settings import *  # noqa: E402, F403
from nss_portal.settings import STATIC_ROOT, STORAGES  # noqa: E402

# Hashed names need a collectstatic first; `tests/procesos` runs with the real ones.
STATIC_ROOT.mkdir(exist_ok=True)
STORAGES["staticfiles"] = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
