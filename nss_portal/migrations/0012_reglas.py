import operator
from datetime import date
from functools import reduce

from django.db import migrations, models
from django.db.models import CheckConstraint, Q, Value
from django.db.models.functions import Cast, StrIndex, Substr
from django.db.models.lookups import Exact, In

from nss_portal import reglas

# A copy: what a migration says stays as it was, whatever `reglas` and `identidad` say some day.
CIFRAS = "0123456789"
DOBLES = "0516273849"
ALFABETO = "0123456789ABCDEFGHIJKLMNÑOPQRSTUVWXYZ"
antes_de_2000 = In(Substr("curp", 17, 1), list(CIFRAS))


def suma(campo, alfabetos, pesos):
    posiciones = range(1, len(alfabetos) + 1)
    valores = [StrIndex(Value(a), Substr(campo, i, 1)) for i, a in zip(posiciones, alfabetos)]
    return reduce(operator.add, [v * p for v, p in zip(valores, pesos)] if pesos else valores)


CURP_CON_SU_DIGITO = Q(Exact(suma("curp", [ALFABETO] * 18, range(18, 0, -1)) % 10, 1))
NSS_CON_SU_DIGITO = Q(Exact(suma("nss", [CIFRAS if i % 2 else DOBLES for i in range(1, 12)], None) % 10, 1))
DATOS_DE_SU_CURP = (
    Q(antes_de_2000, nacimiento__gte=date(1900, 1, 1), nacimiento__lt=date(2000, 1, 1))
    | Q(~Q(antes_de_2000), nacimiento__gte=date(2000, 1, 1), nacimiento__lt=date(2100, 1, 1))
) & Q(
    Exact(reglas.SeisCifras("nacimiento"), Substr("curp", 5, 6)),
    nacimiento=Cast("nacimiento", models.DateField()),
    sexo=Substr("curp", 11, 1),
    entidad=Substr("curp", 12, 2),
)


class Migration(migrations.Migration):
    dependencies = [("nss_portal", "0011_verificacion_de_un_numero")]

    operations = [
        *reglas.poner(
            "nss_portal",
            persona=[
                CheckConstraint(
                    name="persona_curp_con_su_digito",
                    condition=CURP_CON_SU_DIGITO,
                    violation_error_message="El último carácter de la CURP no coincide con los demás.",
                ),
                CheckConstraint(
                    name="persona_nss_con_su_digito",
                    condition=Q(nss=None) | NSS_CON_SU_DIGITO,
                    violation_error_message="El último número del NSS no coincide con los demás.",
                ),
                CheckConstraint(
                    name="persona_datos_de_su_curp",
                    condition=DATOS_DE_SU_CURP,
                    violation_error_message="El nacimiento, el sexo o la entidad no son los que dice la CURP.",
                ),
                CheckConstraint(
                    name="persona_con_nombre_y_apellido",
                    condition=Q(nombres__gt="", primer_apellido__gt=""),
                    violation_error_message="Toda persona tiene nombre y primer apellido.",
                ),
            ],
            curpanterior=[
                CheckConstraint(
                    name="curp_anterior_con_su_digito",
                    condition=CURP_CON_SU_DIGITO,
                    violation_error_message="El último carácter de la CURP no coincide con los demás.",
                )
            ],
            entidad=[
                CheckConstraint(
                    name="entidad_una_de_las_32",
                    condition=Q(clave__in=[f"{numero:02d}" for numero in range(1, 33)]),
                    violation_error_message="La clave de la entidad va de 01 a 32.",
                )
            ],
            municipio=[
                CheckConstraint(
                    name="municipio_clave_de_su_entidad",
                    condition=Q(clave=None) | Q(entidad=Substr("clave", 1, 2)),
                    violation_error_message="La clave del municipio empieza con la de su entidad.",
                )
            ],
        ),
        # The 32 say it already.
        migrations.RemoveConstraint("entidad", "entidad_clave_de_dos_cifras"),
        reglas.nss_para_siempre(),
    ]
