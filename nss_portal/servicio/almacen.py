"""Where bytes are kept."""

import os
from typing import Any

from django.core.files.storage import FileSystemStorage
from whitenoise.storage import CompressedManifestStaticFilesStorage


class Duradero(FileSystemStorage):
    """A folder whose files survive a power cut: the row that says «issued» must not outlive the bytes."""

    def save(self, name: str | None, content: Any, max_length: int | None = None) -> str:
        libre = self.get_available_name(name or "sin-nombre", max_length=max_length)
        try:
            guardado = super().save(libre, content, max_length=max_length)
        except OSError:
            self.delete(libre)  # half a file on a full disk would keep it full
            raise
        ruta = self.path(guardado)
        for cual in (ruta, os.path.dirname(ruta)):
            descriptor = os.open(cual, os.O_RDONLY)
            try:
                os.fsync(descriptor)
            finally:
                os.close(descriptor)
        return guardado


class Estaticos(CompressedManifestStaticFilesStorage):  # type: ignore[misc]
    """Hashed and compressed; a file that was not collected gives its plain name, not a broken error page."""

    def url(self, name: str | None, force: bool = False) -> str:
        try:
            return str(super().url(name, force))
        except ValueError:
            return f"{self.base_url}{name}"
