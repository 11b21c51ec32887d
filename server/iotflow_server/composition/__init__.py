"""The composition root: functions that construct and connect the components; app.py calls them."""
