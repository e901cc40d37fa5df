"""The command `raddle`."""
