"""What a school's user may do: a group with permissions on the school's own things, and on nothing else."""

from django.contrib.auth.models import Group, Permission, User

ESCUELAS = "Escuelas"
_PERMISOS = [
    *("view_inscripcion", "add_inscripcion", "change_inscripcion"),
    *("view_lote", "add_lote", "view_cierre", "add_cierre"),
]


def asegurar() -> Group:
    """The group, with exactly its permissions. Safe to call twice."""
    grupo, _ = Group.objects.get_or_create(name=ESCUELAS)
    grupo.permissions.set(
        Permission.objects.filter(content_type__app_label="vigencia", codename__in=_PERMISOS)
    )
    return grupo


def nombrar(usuario: User) -> None:
    """Let a user who answers for a school into the admin, as that and no more."""
    usuario.groups.add(asegurar())
    if not usuario.is_staff:
        usuario.is_staff = True
        usuario.save(update_fields=["is_staff"])


def relevar(usuario: User) -> None:
    """The user answers for no school any more, and sees none."""
    usuario.groups.remove(*Group.objects.filter(name=ESCUELAS))
