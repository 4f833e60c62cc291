"""
Settings, as for production, on a file or on PostgreSQL, as PEER_DATABASE says.

SQLite waits for the disk at each commit, as Rollbook's does.
"""

import os
from urllib.parse import urlsplit

SECRET_KEY = "of no use: nothing is signed here"
DEBUG = False
ALLOWED_HOSTS = ["*"]
ROOT_URLCONF = "benchmarks.peers.django_drf.urls"
INSTALLED_APPS = ["benchmarks.peers.django_drf"]
MIDDLEWARE = ["django.middleware.common.CommonMiddleware"]  # the length of answers
USE_TZ = True
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

_DATABASE = os.environ.get("PEER_DATABASE", ":memory:")
_SQLITE = {
    "ENGINE": "django.db.backends.sqlite3",
    "NAME": _DATABASE,
    "OPTIONS": {
        "transaction_mode": "IMMEDIATE",
        "timeout": 30,
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;",
    },
}
_ADDRESS = urlsplit(_DATABASE)
_POSTGRESQL = {
    "ENGINE": "django.db.backends.postgresql",
    "NAME": _ADDRESS.path.removeprefix("/"),
    "USER": _ADDRESS.username,
    "HOST": _ADDRESS.hostname,
    "PORT": _ADDRESS.port,
}
DATABASES = {
    "default": {
        **(_POSTGRESQL if _ADDRESS.scheme == "postgresql" else _SQLITE),
        "CONN_MAX_AGE": None,
    }
}

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [],
    "DEFAULT_PERMISSION_CLASSES": [],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["rest_framework.parsers.JSONParser"],
    "UNAUTHENTICATED_USER": None,
}
