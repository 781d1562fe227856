"""What the counter's users may do: two groups with permissions on its own things, and on nothing else."""

from django.contrib.auth.models import Group, Permission

from afiliacion.models import Empleado

VENTANILLA, SUPERVISION = "Ventanilla", "Supervisión de ventanilla"
_PERMISOS = {
    VENTANILLA: ["view_atencion", "add_atencion", "view_cambio", "add_cambio"],
    # Besides the other one's.
    SUPERVISION: ["change_cambio", "view_asiento"],
}


def asegurar() -> list[Group]:
    """Both groups, each with exactly its permissions. Safe to call twice."""
    grupos = []
    for nombre, permisos in _PERMISOS.items():
        grupo, _ = Group.objects.get_or_create(name=nombre)
        grupo.permissions.set(
            Permission.objects.filter(
                content_type__app_label__in=["afiliacion", "nss_portal"], codename__in=permisos
            )
        )
        grupos.append(grupo)
    return grupos


def nombrar(empleado: Empleado) -> None:
    """Let a user into the admin as what they are at the counter, and no more."""
    ventanilla, supervision = asegurar()
    usuario = empleado.usuario
    usuario.groups.add(ventanilla)
    if empleado.supervisor:
        usuario.groups.add(supervision)
    else:
        usuario.groups.remove(supervision)
    if not usuario.is_staff:
        usuario.is_staff = True
        usuario.save(update_fields=["is_staff"])


def relevar(empleado: Empleado) -> None:
    """The user works at no counter any more, and sees none."""
    empleado.usuario.groups.remove(*Group.objects.filter(name__in=_PERMISOS))
