from django.contrib.admin.apps import AdminConfig


class PersonalConfig(AdminConfig):
    """Django's admin, with a site of ours."""

    default_site = "nss_portal.personal.sitio.Sitio"
