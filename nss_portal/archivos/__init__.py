"""Files that staff and schools bring: read, compared, applied."""
