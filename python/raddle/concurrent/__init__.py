"""The standard library's package `concurrent` with raddle's futures in it."""
