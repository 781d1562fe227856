"""Settings of the portal: one file, from the environment, failing closed.

Every variable is described in README.md. With DEBUG off, a missing SECRET_KEY or
ALLOWED_HOSTS stops the start with one sentence: better no site than an open one.
"""

import os
import re
import shutil
from pathlib import Path
from urllib.parse import unquote, urlsplit

import dj_database_url
from django.core.exceptions import ImproperlyConfigured
from django.utils.csp import CSP

BASE_DIR = Path(__file__).resolve().parent.parent


def _si(nombre: str) -> bool:
    return os.environ.get(nombre, "").strip().lower() in {"1", "true", "si", "sí", "yes", "on"}


def _lista(nombre: str) -> list[str]:
    return [parte.strip() for parte in os.environ.get(nombre, "").split(",") if parte.strip()]


DEBUG = _si("DEBUG")
# Demonstration: banner, «SIN VALIDEZ OFICIAL», sample people, /buzon/. Never on by default.
DEMO = _si("DEMO")

SECRET_KEY = os.environ.get("SECRET_KEY", "") or ("solo-para-desarrollo" if DEBUG else "")
if not SECRET_KEY:
    raise ImproperlyConfigured(
        "Falta SECRET_KEY: con DEBUG apagado el portal no arranca sin un secreto propio."
    )
ALLOWED_HOSTS = _lista("ALLOWED_HOSTS")
if not (ALLOWED_HOSTS or DEBUG):
    raise ImproperlyConfigured("Falta ALLOWED_HOSTS: escribe los nombres con los que se visita el portal.")

# Everything the portal writes lives here, outside the repository.
VAR_DIR = Path(os.environ.get("VAR_DIR") or BASE_DIR / "var")
VAR_DIR.mkdir(mode=0o700, parents=True, exist_ok=True)
# What each series has promised: hosts share it, and it is not restored with the database.
PROMESAS_DIR = Path(os.environ.get("PROMESAS_DIR") or VAR_DIR / "promesas")

# The address printed in documents and mails; https turns on every transport protection.
URL_PUBLICA = os.environ.get("URL_PUBLICA", "http://127.0.0.1:8000").rstrip("/")
if not re.fullmatch(r"https?://[^/\s]+", URL_PUBLICA):
    raise ImproperlyConfigured("URL_PUBLICA debe ser http:// o https:// y un nombre, sin camino.")
HTTPS = URL_PUBLICA.startswith("https://")
CSRF_TRUSTED_ORIGINS = [URL_PUBLICA]
SECURE_SSL_REDIRECT = SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = HTTPS
SECURE_HSTS_SECONDS = 31_536_000 if HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = HTTPS
# Addresses of our own proxies: only they may say that the visit came over https, and from where.
PROXIES_CONFIABLES = _lista("PROXIES_CONFIABLES")
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if PROXIES_CONFIABLES else None

INSTALLED_APPS = [
    "nss_portal.personal.apps.PersonalConfig",  # Django's admin
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.forms",
    "captcha",
    "nss_portal",
    "afiliacion",
    "vigencia",
    "clinicas",
]
if DEMO or DEBUG:
    INSTALLED_APPS.append("nss_portal.demo")

MIDDLEWARE = [
    "nss_portal.servicio.proxies.solo_de_confianza",
    "django.middleware.security.SecurityMiddleware",
    "django.middleware.csp.ContentSecurityPolicyMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    # After the static files, which its page needs; before anything that asks the database.
    "nss_portal.web.mantenimiento.cerrado_por_mantenimiento",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]

ROOT_URLCONF = "nss_portal.urls"
WSGI_APPLICATION = "nss_portal.wsgi.application"
FORM_RENDERER = "django.forms.renderers.TemplatesSetting"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "OPTIONS": {
            "loaders": [
                (
                    "django.template.loaders.cached.Loader",
                    [
                        "nss_portal.web.plantillas.SinSangrias",
                        "django.template.loaders.app_directories.Loader",
                    ],
                )
            ],
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.csp",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "nss_portal.web.contexto.portal",
                "nss_portal.oferta.en_paginas",
                *(["nss_portal.demo.contexto.ejemplos"] if DEMO else []),
            ],
            "builtins": ["django.templatetags.static", "nss_portal.templatetags.portal"],
        },
    }
]

# One connection a thread, kept; checked before use because a server restart must not cost a request.
DATABASES = {
    "default": dj_database_url.parse(
        os.environ.get("DATABASE_URL") or f"sqlite:///{VAR_DIR / 'portal.sqlite3'}",
        conn_max_age=600,
        conn_health_checks=True,
    )
}
if DATABASES["default"]["ENGINE"].endswith("sqlite3"):
    # Deferred transactions fail at once when two of them upgrade to write: measured thousands of
    # «database is locked». IMMEDIATE queues them, WAL lets readers go on, FULL survives a power cut.
    _propias = {
        "transaction_mode": "IMMEDIATE",
        "timeout": 30,  # who waits is not served in turn: with many writers some wait long
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;",
    }
else:
    # A server that is gone without a word must not hold a thread for the minutes that TCP would wait.
    _propias = {"connect_timeout": 2, "tcp_user_timeout": 10_000}
DATABASES["default"]["OPTIONS"] = _propias | DATABASES["default"].get("OPTIONS", {})

# What proves that who asks is the CURP's owner: «correo», a mailbox that was confirmed, as the source has it;
# «nombre», also the full name as the registry has it. Whoever knows a CURP and a name passes both.
IDENTIDAD = os.environ.get("IDENTIDAD") or ("correo" if DEMO else "nombre")
if IDENTIDAD not in {"correo", "nombre"}:
    raise ImproperlyConfigured(
        "IDENTIDAD debe ser «nombre» o «correo» («respaldo» todavía no está en esta versión)."
    )

# Under IDENTIDAD=correo, which mailbox must speak before something of a person is shown: «siempre», whichever
# was typed; «si-cambia», only the one confirmed before when another is typed; «nunca», in demonstration only.
CONFIRMAR_CORREO = os.environ.get("CONFIRMAR_CORREO") or ("si-cambia" if DEMO else "siempre")
if CONFIRMAR_CORREO not in {"siempre", "si-cambia", "nunca"} or (CONFIRMAR_CORREO == "nunca" and not DEMO):
    raise ImproperlyConfigured(
        "CONFIRMAR_CORREO debe ser «siempre» o «si-cambia» («nunca», solo en demostración, con DEMO=1)."
    )

# The captcha's sounds, and whether the mail server answers: little, and nothing that must last.
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.locmem.LocMemCache",
        "OPTIONS": {"MAX_ENTRIES": 100},
    }
}

# The local Persona table, or the registry's own service (POST {"curp"}).
RENAPO_URL = os.environ.get("RENAPO_URL", "")


def _mailer(url: str) -> dict[str, object]:
    """EMAIL_URL (smtp://user:pass@host:port, smtps://…, smtp+tls://…) -> an entry of MAILERS."""
    if not url:
        return {"BACKEND": "nss_portal.correo.buzon.BuzonLocal", "OPTIONS": {"carpeta": VAR_DIR / "correo"}}
    partes = urlsplit(url)
    if partes.scheme not in {"smtp", "smtps", "smtp+tls"} or not partes.hostname:
        raise ImproperlyConfigured("EMAIL_URL debe ser smtp://, smtp+tls:// o smtps:// con su servidor.")
    return {
        "BACKEND": "django.core.mail.backends.smtp.EmailBackend",
        "OPTIONS": {
            "host": partes.hostname,
            "port": partes.port or {"smtp": 25, "smtp+tls": 587, "smtps": 465}[partes.scheme],
            "username": unquote(partes.username or ""),
            "password": unquote(partes.password or ""),
            "use_tls": partes.scheme == "smtp+tls",
            "use_ssl": partes.scheme == "smtps",
            "timeout": 10,
        },
    }


EMAIL_URL = os.environ.get("EMAIL_URL", "")
MAILERS = {"default": _mailer(EMAIL_URL)}
DEFAULT_FROM_EMAIL = os.environ.get("CORREO_REMITENTE", "gob·estudiantes <no-responder@estudiantes.example>")
SERVER_EMAIL = DEFAULT_FROM_EMAIL
# Most mail servers count; past this many a minute the rest waits its turn. 0: no ceiling.
CORREOS_POR_MINUTO = int(os.environ.get("CORREOS_POR_MINUTO") or 0)
# Who is told when a series of numbers is running out.
AVISOS_CORREO = _lista("AVISOS_CORREO")
# Shown in «¿Necesitas ayuda?»; a line that is not set is not shown.
AYUDA_CORREO = os.environ.get("AYUDA_CORREO", "")
AYUDA_TELEFONO = os.environ.get("AYUDA_TELEFONO", "")

STORAGES = {
    "default": {
        "BACKEND": "nss_portal.servicio.almacen.Duradero",
        "OPTIONS": {
            "location": VAR_DIR / "documentos",
            "file_permissions_mode": 0o600,
            "directory_permissions_mode": 0o700,
        },
    },
    "staticfiles": {"BACKEND": "nss_portal.servicio.almacen.Estaticos"},
}
STATIC_URL = "/static/"
STATIC_ROOT = VAR_DIR / "static"
STATICFILES_DIRS = [BASE_DIR / "static"]
FIXTURE_DIRS = [BASE_DIR / "fixtures"]

# Django's Mexican Spanish is half translated; the general one is whole, and writes months in lower case.
# Numbers and dates as Mexico writes them: nss_portal/formatos.
LANGUAGE_CODE = "es"
FORMAT_MODULE_PATH = ["nss_portal.formatos"]
# Before Django's own words: what those lack, and what they say as the portal does not.
LOCALE_PATHS = [BASE_DIR / "nss_portal" / "locale"]
TIME_ZONE = "America/Mexico_City"
USE_TZ = True

# A trámite's page answers one browser for a day; the row of the session dies at «Salir».
SESSION_COOKIE_AGE = 24 * 3600
SESSION_COOKIE_NAME = "sesion"
MESSAGE_STORAGE = "django.contrib.messages.storage.session.SessionStorage"
CSRF_FAILURE_VIEW = "nss_portal.web.paginas.csrf"
# The only ones who come in by a password are staff; from their page, to the admin's index.
LOGIN_URL, LOGIN_REDIRECT_URL = "admin:login", "admin:index"
SECURE_CSP = {
    "default-src": [CSP.NONE],
    "script-src": [CSP.SELF, CSP.NONCE],
    "style-src": [CSP.SELF, CSP.NONCE],
    "img-src": [CSP.SELF],
    "media-src": [CSP.SELF],
    "font-src": [CSP.SELF],
    "connect-src": [CSP.SELF],
    "worker-src": [CSP.SELF],
    "manifest-src": [CSP.SELF],
    "form-action": [CSP.SELF],
    "frame-ancestors": [CSP.NONE],
    "base-uri": [CSP.NONE],
}
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"

# Captcha: letters from `secrets` (the package's own image view reseeds the process-wide generator).
CAPTCHA_CHALLENGE_FUNCT = "nss_portal.web.captcha.letras"
CAPTCHA_TIMEOUT = 30  # minutes; a slow reader must not be sent back
CAPTCHA_FONT_SIZE = 52
CAPTCHA_IMAGE_SIZE = (200, 72)
CAPTCHA_LETTER_ROTATION = (-16, 16)
CAPTCHA_FOREGROUND_COLOR = "#3a3036"
CAPTCHA_NOISE_FUNCTIONS = ("nss_portal.web.captcha.trazos",)
CAPTCHA_2X_IMAGE = False
# Spanish audio through a small wrapper, where Debian's espeak-ng is installed.
CAPTCHA_FLITE_PATH = str(BASE_DIR / "bin" / "voz") if shutil.which("espeak-ng") else None
CAPTCHA_SOX_PATH = shutil.which("sox")

AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{nombre}"}
    for nombre in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
]
DATA_UPLOAD_MAX_MEMORY_SIZE = 1024 * 1024
DATA_UPLOAD_MAX_NUMBER_FIELDS = 200

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        # Masks whatever looks like a CURP or an NSS, exceptions of the database included.
        "linea": {
            "()": "nss_portal.servicio.sin_datos.FormatoSinDatos",
            "format": "{asctime} {levelname} {name}: {message}",
            "style": "{",
        }
    },
    "filters": {"sin_ausencias": {"()": "nss_portal.web.sin_base.SinAusencias"}},
    "handlers": {"consola": {"class": "logging.StreamHandler", "formatter": "linea"}},
    "root": {"handlers": ["consola"], "level": "WARNING"},
    "loggers": {
        "django": {"handlers": ["consola"], "level": "WARNING", "propagate": False},
        # A refused form is an answer, not an incident.
        "django.request": {"level": "ERROR", "filters": ["sin_ausencias"]},
        # What a scanner sends (other hosts, huge bodies) is answered with 400 and not worth a traceback.
        "django.security": {"level": "CRITICAL"},
        "nss_portal": {"handlers": ["consola"], "level": "INFO", "propagate": False},
    },
}
