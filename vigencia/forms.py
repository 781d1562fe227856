"""What step 2 asks for: the CURP, the NSS and a mailbox."""

from nss_portal.web.forms import ComienzoForm, NssField, SolicitudForm


class VigenciaForm(SolicitudForm):
    nss = NssField(
        label="Número de Seguridad Social (NSS)",
        help_text="11 números. Está en el documento y en la tarjeta del paso 1.",
    )
    field_order = ["curp", "nss"]


class VigenciaAppForm(ComienzoForm):
    nss = NssField(label="NSS")
