"""How the parts are put together; app.py starts with these."""
