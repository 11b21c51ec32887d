"""`iotflow simulate --interactive`: simulations that are started, watched and disturbed by commands."""
