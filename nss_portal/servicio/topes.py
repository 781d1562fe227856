"""Every limit of the portal: how often what may be done. `limites.permitir` counts."""

from datetime import timedelta
from typing import NamedTuple


class Tope(NamedTuple):
    """At most `cupo` times at once, refilled evenly over `ventana`."""

    cupo: int
    ventana: timedelta

    @property
    def espera(self) -> timedelta:
        """How long until one more fits, when it is full."""
        return self.ventana / self.cupo


_MINUTO, _HORA, _DIA = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)

# A document that is sent again by its owner.
ENVIAR_DOCUMENTO = Tope(5, _HORA)
# A question that is sent again, from the page that waits for its answer.
PREGUNTAR_OTRA_VEZ = Tope(3, _HORA)
# A mailbox that is asked about one CURP: from one network or one owner; from all that never answered.
PREGUNTAR = Tope(5, _DIA)
PREGUNTAR_DE_TODAS_PARTES = Tope(20, _DIA)
# Codes of the App for one mailbox, whatever the CURPs: more than a family asks for, far less than what fills
# a mailbox. From one network; and from all, so that nobody elsewhere takes what there is for its owner.
CODIGOS_POR_BUZON = Tope(20, _DIA)
CODIGOS_DE_TODAS_PARTES = Tope(60, _DIA)
# Wrong names for one CURP, by the day: from one mailbox; from all that do not speak for the person, and past
# those from one network, so that whoever has no mailbox yet is not shut out by others elsewhere. The key has
# the day in it: a bucket does not fill again.
NOMBRES_POR_BUZON = Tope(5, 30 * _DIA)
NOMBRES_DE_EXTRANOS = Tope(20, 30 * _DIA)
NOMBRES_DE_UNA_RED = Tope(2, 30 * _DIA)
# Guesses at a document, from one address.
VERIFICAR = Tope(30, 10 * _MINUTO)
# A typed number against a document's: for one document; from one address.
COMPARAR_DOCUMENTO = Tope(10, _HORA)
COMPARAR_DESDE = Tope(60, _HORA)
# The letters of a captcha, said aloud, for one address.
VOZ = Tope(20, 10 * _MINUTO)
# Passwords of the admin: of one user from one address; from one address, where an office has many people.
ENTRAR = Tope(10, 10 * _MINUTO)
ENTRAR_DESDE = Tope(100, 10 * _MINUTO)
# Requests to the API. An address may be a whole school's: what counts one person's tries is the code.
API_POR_DIRECCION = Tope(240, _MINUTO)
API_POR_CREDENCIAL = Tope(120, _MINUTO)
# People whom one clerk looks for: far more than anybody attends, less than it takes to try CURPs one by one.
ATENDER = Tope(300, _DIA)


def correos(por_minuto: int) -> Tope:
    """Mails, for a server that takes `por_minuto`: a burst and a flow that together never pass it."""
    rafaga = max(1, por_minuto // 10)
    return Tope(rafaga, _MINUTO * rafaga / max(1, por_minuto - rafaga))
