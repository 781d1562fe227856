"""The official postal file, loaded over what there is: judged in a staging table, then written by sets."""

from collections import Counter, defaultdict
from collections.abc import Iterator
from itertools import groupby

from nss_portal.archivos.carga import (
    Avisar,
    Fuente,
    LineaMala,
    consultar,
    ejecutar,
    ejecutar_cada,
    etapa,
    indexar,
    insertar,
)
from nss_portal.archivos.plan import APLICAR, EJEMPLOS, Modo, Retiros, revisar, transaccion
from nss_portal.territorio.catalogo import (
    CatalogoInvalido,
    Cuenta,
    Informe,
    en_domicilios,
    entidades,
    esmero,
    esperar_turno,
)
from nss_portal.territorio.models import Municipio, plegar
from nss_portal.territorio.sepomex import abrir_texto, leer, saltar_cabecera


def cargado() -> bool:
    """Whether an official file has been loaded: only it gives keys."""
    return Municipio.objects.exclude(clave=None).exists()


_ETAPA = "carga_codigos"
_CAMPOS = ["linea", "clave", "codigo", "nombre", "plegado", "tipo", "municipio", "nombre_municipio"]


def cargar(ruta: str, avisar: Avisar = lambda *paso: None, modo: Modo = APLICAR) -> Informe:
    """Make the tables say what the official file says; the report counts what that changed.

    All or nothing, and safe to call twice, as `catalogo.cargar`. The file goes line by line to a staging
    table and is judged there, so it never is whole in memory and the portal is held only for the end. Rows
    keep their ids: they are found by official key, else by code, folded name and kind. Raises CargaInvalida;
    RetirosSinAceptar is one.
    """
    columnas = ", ".join(f"{campo} text" for campo in _CAMPOS[1:])
    with (
        abrir_texto(ruta) as fuente,
        etapa(_ETAPA, f"linea integer PRIMARY KEY, {columnas}, colonia_id bigint"),
    ):
        insertar(_ETAPA, _CAMPOS, _filas(fuente, avisar))
        avisar("Revisando")
        indexar(_ETAPA, "clave", "codigo", "colonia_id")
        municipios = _revisar()
        informe = Informe()
        with transaccion(modo):
            esperar_turno()
            avisar("Comparando municipios")
            _cargar_municipios(municipios, informe)
            avisar("Comparando códigos postales")
            _cargar_codigos(informe)
            avisar("Comparando colonias")
            _unir_dobles()
            _cargar_colonias(informe, modo)
    return informe


def _filas(fuente: Fuente, avisar: Avisar) -> Iterator[tuple[int | str, ...]]:
    lineas = fuente.lineas(avisar)
    saltar_cabecera(lineas)
    for numero, linea in lineas:
        try:
            renglon = leer(linea)
            plegado = plegar(renglon.colonia)
            if len(plegado) > 100:
                raise LineaMala("d_asenta pasa de 100 caracteres.")  # «ß» is folded to «ss»
        except LineaMala as motivo:
            raise CatalogoInvalido(f"Línea {numero}: {motivo}") from None
        municipio = renglon.c_estado + renglon.c_mnpio
        yield (
            *(numero, municipio + renglon.consecutivo, renglon.codigo),
            *(renglon.colonia, plegado, renglon.tipo, municipio, renglon.municipio),
        )


def _revisar() -> dict[str, str]:
    """What only the whole file shows. The name of each municipio, by key."""
    dobles = consultar(f"""
        SELECT e.linea, e.clave, p.linea FROM {_ETAPA} e JOIN (
            SELECT clave, MIN(linea) AS linea FROM {_ETAPA} GROUP BY clave HAVING COUNT(*) > 1
        ) p ON p.clave = e.clave AND p.linea < e.linea ORDER BY e.linea LIMIT 1
    """)
    for linea, clave, primera in dobles:
        raise CatalogoInvalido(f"Línea {linea}: la clave {clave} ya está en la línea {primera}.")
    partidos = consultar(f"""
        SELECT e.linea, e.codigo, e.nombre_municipio, q.nombre_municipio, q.linea FROM {_ETAPA} e JOIN (
            SELECT codigo, MIN(linea) AS linea FROM {_ETAPA}
            GROUP BY codigo HAVING MIN(municipio) < MAX(municipio)
        ) p ON p.codigo = e.codigo JOIN {_ETAPA} q ON q.linea = p.linea
        WHERE e.municipio <> q.municipio ORDER BY e.linea LIMIT 1
    """)
    for linea, codigo, uno, otro, primera in partidos:
        raise CatalogoInvalido(
            f"Línea {linea}: el código postal {codigo} está en dos municipios, "
            f"{uno} y, en la línea {primera}, {otro}."
        )
    nombres: dict[str, str] = {}
    for clave, nombre, linea in consultar(
        f"SELECT municipio, nombre_municipio, MIN(linea) FROM {_ETAPA} GROUP BY 1, 2 ORDER BY 3"
    ):
        if plegar(nombres.setdefault(clave, nombre)) != plegar(nombre):
            raise CatalogoInvalido(
                f"Línea {linea}: el municipio {clave} tiene dos nombres, {nombres[clave]} y {nombre}."
            )
        nombres[clave] = max(nombres[clave], nombre, key=esmero)
    if not nombres:
        raise CatalogoInvalido("El catálogo está vacío: no se cambió nada.")
    return nombres


# A code or a municipio is alive while one of its colonias is.
_VIVO = "EXISTS (SELECT 1 FROM nss_portal_colonia c WHERE c.codigo_postal_id = cp.codigo AND c.vigente)"


def _cargar_municipios(nombres: dict[str, str], informe: Informe) -> None:
    """Leave a row, with its key and name, for each municipio of the file."""
    de_entidad = entidades()
    filas = {fila.pk: fila for fila in Municipio.objects.all()}
    vivos = {
        pk
        for (pk,) in consultar(
            f"SELECT DISTINCT cp.municipio_id FROM nss_portal_codigopostal cp WHERE {_VIVO}"
        )
    }
    pks = _casar(nombres, filas)
    cuenta = informe.municipios = Cuenta(total=len(nombres), retiradas=len(vivos - set(pks.values())))
    cambios = []
    for clave, pk in pks.items():
        fila = filas[pk]
        if (fila.clave, fila.nombre) != (clave, nombres[clave]):
            cambios.append((clave, nombres[clave], pk))
        if fila.nombre != nombres[clave] or pk not in vivos:
            cuenta.cambiadas += 1
        elif fila.clave != clave:
            cuenta.claves += 1
    nuevos = [(clave[:2], clave, nombre) for clave, nombre in nombres.items() if clave not in pks]
    cuenta.agregadas = len(nuevos)
    ejecutar_cada("UPDATE nss_portal_municipio SET clave = %s, nombre = %s WHERE id = %s", cambios)
    insertar("nss_portal_municipio", ("entidad_id", "clave", "nombre"), nuevos)
    ausentes = {filas[pk].entidad_id for pk in vivos} - {clave[:2] for clave in nombres}
    informe.entidades_ausentes = [de_entidad[clave] for clave in sorted(ausentes)]


def _casar(nombres: dict[str, str], filas: dict[int, Municipio]) -> dict[str, int]:
    """The row of each key: the one that has it; else, in the entidad, one of that name.

    Of several of one name, the one that shares more postal codes with the key.
    """
    pks = {fila.clave: pk for pk, fila in filas.items() if fila.clave in nombres}
    libres = defaultdict(list)
    for pk in filas.keys() - pks.values():
        libres[filas[pk].entidad_id, plegar(filas[pk].nombre)].append(pk)
    comunes = Counter(
        {
            (clave, pk): cuantos
            for clave, pk, cuantos in consultar(f"""
                SELECT e.municipio, cp.municipio_id, COUNT(DISTINCT e.codigo)
                FROM {_ETAPA} e JOIN nss_portal_codigopostal cp ON cp.codigo = e.codigo GROUP BY 1, 2
            """)
        }
    )
    parejas = sorted(
        (-comunes[clave, pk], nombre != filas[pk].nombre, clave, pk)
        for clave, nombre in nombres.items()
        if clave not in pks
        for pk in libres[clave[:2], plegar(nombre)]
    )
    tomados = set()
    for _, _, clave, pk in parejas:
        if clave not in pks and pk not in tomados:
            pks[clave] = pk
            tomados.add(pk)
    return pks


_CODIGOS = f"""
    FROM (SELECT DISTINCT codigo, municipio FROM {_ETAPA}) e
    JOIN nss_portal_municipio m ON m.clave = e.municipio
    LEFT JOIN nss_portal_codigopostal cp ON cp.codigo = e.codigo
"""


def _cargar_codigos(informe: Informe) -> None:
    [(total, nuevos, otros)] = consultar(f"""
        SELECT COUNT(*), COUNT(CASE WHEN cp.codigo IS NULL THEN 1 END),
            COUNT(CASE WHEN cp.municipio_id <> m.id OR cp.codigo IS NOT NULL AND NOT {_VIVO} THEN 1 END)
        {_CODIGOS}
    """)
    [(retirados,)] = consultar(f"""
        SELECT COUNT(*) FROM nss_portal_codigopostal cp
        WHERE {_VIVO} AND NOT EXISTS (SELECT 1 FROM {_ETAPA} e WHERE e.codigo = cp.codigo)
    """)
    ejecutar(f"""
        UPDATE nss_portal_codigopostal AS cp SET municipio_id = m.id
        FROM {_ETAPA} e JOIN nss_portal_municipio m ON m.clave = e.municipio
        WHERE e.codigo = cp.codigo AND cp.municipio_id <> m.id
    """)
    ejecutar(f"""
        INSERT INTO nss_portal_codigopostal (codigo, municipio_id)
        SELECT e.codigo, m.id {_CODIGOS} WHERE cp.codigo IS NULL
    """)
    informe.codigos = Cuenta(total=total, agregadas=nuevos, cambiadas=otros, retiradas=retirados)


_MISMA = "c.codigo_postal_id = e.codigo AND c.nombre_plegado = e.plegado AND c.tipo = e.tipo"


def _unir_dobles() -> None:
    """Of several keys with one code, name and kind, one stays: people could not tell them apart.

    The one whose row is there already; else one that has a row; else the first. Few: some 130 of 156,000.
    """
    dobles = consultar(f"""
        SELECT e.codigo, e.plegado, e.tipo, e.clave, e.nombre
        FROM {_ETAPA} e JOIN (
            SELECT codigo, plegado, tipo FROM {_ETAPA} GROUP BY 1, 2, 3 HAVING COUNT(*) > 1
        ) d ON d.codigo = e.codigo AND d.plegado = e.plegado AND d.tipo = e.tipo
        LEFT JOIN nss_portal_colonia c ON c.clave_oficial = e.clave AND c.vigente
        ORDER BY e.codigo, e.plegado, e.tipo,
            CASE WHEN {_MISMA} THEN 0 WHEN c.id IS NOT NULL THEN 1 ELSE 2 END, e.clave
    """)
    nombres, sobran = [], []
    for _, grupo in groupby(dobles, key=lambda fila: fila[:3]):
        claves, escritos = zip(*(fila[3:] for fila in grupo), strict=True)
        nombres.append((max(escritos, key=esmero), claves[0]))
        sobran += [(clave,) for clave in claves[1:]]
    ejecutar_cada(f"UPDATE {_ETAPA} SET nombre = %s WHERE clave = %s", nombres)
    ejecutar_cada(f"DELETE FROM {_ETAPA} WHERE clave = %s", sobran)


def _casar_colonias() -> None:
    """Write beside each line the id of its row: by key; else by code, name and kind, the one in use first."""
    ejecutar(f"""
        UPDATE {_ETAPA} AS e SET colonia_id = c.id FROM nss_portal_colonia c WHERE c.clave_oficial = e.clave
    """)
    ejecutar(f"""
        UPDATE {_ETAPA} AS e SET colonia_id = (
            SELECT c.id FROM nss_portal_colonia c
            WHERE {_MISMA} AND NOT EXISTS (SELECT 1 FROM {_ETAPA} o WHERE o.clave = c.clave_oficial)
            ORDER BY c.vigente DESC, c.id LIMIT 1
        ) WHERE colonia_id IS NULL
    """)


_SOBRAN = f"""
    FROM nss_portal_colonia c
    WHERE c.vigente AND NOT EXISTS (SELECT 1 FROM {_ETAPA} e WHERE e.colonia_id = c.id)
"""
_DE_ALGUIEN = "CASE WHEN EXISTS (SELECT 1 FROM nss_portal_domicilio d WHERE d.colonia_id = c.id) THEN 1 END"


def _retiros(ausentes: list[str]) -> Retiros:
    [(vigentes,)] = consultar("SELECT COUNT(*) FROM nss_portal_colonia WHERE vigente")
    [(cuantas, de_alguien)] = consultar(f"SELECT COUNT(*), COUNT({_DE_ALGUIEN}) {_SOBRAN}")
    ejemplos = consultar(
        f"SELECT c.codigo_postal_id, c.nombre {_SOBRAN} "
        f"ORDER BY COALESCE({_DE_ALGUIEN}, 0) DESC, c.id LIMIT {EJEMPLOS}"
    )
    porque = en_domicilios(de_alguien)
    if ausentes:
        otras = f" y otras {len(ausentes) - 3} entidades" if len(ausentes) > 3 else ""
        porque.append(f"el archivo no trae nada de {', '.join(ausentes[:3])}{otras}")
    return Retiros("colonias", cuantas, vigentes, [" ".join(fila) for fila in ejemplos], porque)


def _cargar_colonias(informe: Informe, modo: Modo) -> None:
    _casar_colonias()
    informe.retiros = _retiros(informe.entidades_ausentes)
    revisar(informe.retiros, modo)
    igual = f"{_MISMA} AND c.nombre = e.nombre AND c.vigente"
    sin_clave = "COALESCE(c.clave_oficial, '') <> e.clave"
    [(total, nuevas, otras, claves)] = consultar(f"""
        SELECT COUNT(*), COUNT(CASE WHEN c.id IS NULL THEN 1 END), COUNT(CASE WHEN NOT ({igual}) THEN 1 END),
            COUNT(CASE WHEN {igual} AND {sin_clave} THEN 1 END)
        FROM {_ETAPA} e LEFT JOIN nss_portal_colonia c ON c.id = e.colonia_id
    """)
    retiradas = ejecutar(f"""
        UPDATE nss_portal_colonia AS c SET vigente = FALSE
        WHERE vigente AND NOT EXISTS (SELECT 1 FROM {_ETAPA} e WHERE e.colonia_id = c.id)
    """)
    # Those that move first leave their place: two may have changed it for each other's.
    ejecutar(f"""
        UPDATE nss_portal_colonia AS c SET vigente = FALSE
        FROM {_ETAPA} e WHERE e.colonia_id = c.id AND NOT ({_MISMA})
    """)
    ejecutar(f"""
        UPDATE nss_portal_colonia AS c SET codigo_postal_id = e.codigo, nombre = e.nombre,
            nombre_plegado = e.plegado, tipo = e.tipo, clave_oficial = e.clave, vigente = TRUE
        FROM {_ETAPA} e WHERE e.colonia_id = c.id AND (NOT ({igual}) OR {sin_clave})
    """)
    ejecutar(f"""
        INSERT INTO nss_portal_colonia
            (codigo_postal_id, nombre, nombre_plegado, tipo, clave_oficial, vigente)
        SELECT codigo, nombre, plegado, tipo, clave, TRUE
        FROM {_ETAPA} WHERE colonia_id IS NULL ORDER BY linea
    """)
    informe.colonias = Cuenta(total, agregadas=nuevas, cambiadas=otras, retiradas=retiradas, claves=claves)
