"""`manage.py cargar_codigos_postales`: the country's postal codes, from the installed package."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from nss_portal import catalogo


class Command(BaseCommand):
    help = (
        "Carga los códigos postales del país (entidades, municipios y colonias) desde el paquete instalado. "
        "Se puede repetir: actualiza en su lugar y no borra nada."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            informe = catalogo.cargar(catalogo.del_paquete(), self._avisar)
        except catalogo.CatalogoInvalido as error:
            raise CommandError(str(error)) from error
        finally:
            self._avisar("")
        if options["verbosity"]:
            self.stdout.write(describir(informe))

    def _avisar(self, paso: str) -> None:
        """One line that is written over, for whoever looks on; nothing in a log."""
        if self.stderr.isatty():
            # Not an error, so not in red.
            self.stderr.write(f"\r\033[K{paso and paso + '…'}", style_func=str, ending="")
            self.stderr.flush()


def describir(informe: catalogo.Informe) -> str:
    """The report in words: nothing changed, or how much of what."""
    if informe.sin_cambios:
        return (
            f"Sin cambios: el catálogo ya estaba al día ({informe.codigos.total:,} códigos postales, "
            f"{informe.colonias.total:,} colonias)."
        )
    municipios, codigos, colonias = informe.municipios, informe.codigos, informe.colonias
    return "\n".join(
        [
            f"Municipios: {municipios.total:,} en el catálogo; {municipios.agregadas:,} agregados.",
            f"Códigos postales: {codigos.total:,} en el catálogo; {codigos.agregadas:,} agregados, "
            f"{codigos.cambiadas:,} cambiados.",
            f"Colonias: {colonias.total:,} en el catálogo; {colonias.agregadas:,} agregadas, "
            f"{colonias.cambiadas:,} cambiadas, {colonias.retiradas:,} retiradas.",
        ]
    )
