"""The service of this machine: its run file, its logs, and the commands that watch and stop it."""
