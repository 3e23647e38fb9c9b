"""Who is measured, one file each: what it is given, and the command that does the work in a process of its own."""
