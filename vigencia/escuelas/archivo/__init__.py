"""A school's list, from the file to the enrolments."""
