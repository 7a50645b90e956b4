"""Where a run is recorded: a server, a folder, nowhere."""
