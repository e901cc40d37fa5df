"""What `raddle bench` measures, and how: one file a primitive."""
