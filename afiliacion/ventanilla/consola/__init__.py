"""What a clerk does, page by page: function views that the admin site is handed in `rutas`."""
