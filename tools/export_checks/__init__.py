"""What other runtimes make of exported files, against this project's own outputs."""
