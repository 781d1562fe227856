"""The addresses of the console's own pages, under /admin/; each in the place of the one of Django's form."""

from django.urls import path

from vigencia.escuelas.consola import altas, archivos, bajas, cierres, exportar

_INSCRIPCION, _LOTE, _CIERRE = "vigencia/inscripcion", "vigencia/lote", "vigencia/cierre"

paginas = [
    path(f"{_INSCRIPCION}/add/", altas.inscribir, name="vigencia_inscripcion_add"),
    path(f"{_INSCRIPCION}/descargar/", exportar.descargar, name="vigencia_inscripcion_descargar"),
    path(f"{_INSCRIPCION}/<int:pk>/baja/", bajas.de_uno, name="vigencia_inscripcion_baja"),
    path(
        f"{_INSCRIPCION}/<int:pk>/baja/deshacer/", bajas.deshacer, name="vigencia_inscripcion_deshacer_baja"
    ),
    path(f"{_LOTE}/add/", archivos.subir, name="vigencia_lote_add"),
    path(f"{_LOTE}/plantilla/<str:formato>/", archivos.plantilla, name="vigencia_lote_plantilla"),
    path(f"{_LOTE}/sin-nss/", archivos.sin_nss, name="vigencia_lote_sin_nss"),
    path(f"{_LOTE}/<path:object_id>/change/", archivos.ver, name="vigencia_lote_change"),
    path(f"{_LOTE}/<uuid:pk>/estado/", archivos.estado, name="vigencia_lote_estado"),
    path(f"{_LOTE}/<uuid:pk>/confirmar/", archivos.confirmar, name="vigencia_lote_confirmar"),
    path(f"{_LOTE}/<uuid:pk>/cancelar/", archivos.cancelar, name="vigencia_lote_cancelar"),
    path(f"{_LOTE}/<uuid:pk>/errores/", archivos.errores, name="vigencia_lote_errores"),
    path(f"{_CIERRE}/add/", cierres.terminar, name="vigencia_cierre_add"),
    path(f"{_CIERRE}/<path:object_id>/change/", cierres.ver, name="vigencia_cierre_change"),
    path(f"{_CIERRE}/<int:pk>/deshacer/", cierres.deshacer, name="vigencia_cierre_deshacer"),
]
