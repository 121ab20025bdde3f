"""Methods. Written by `python -m tomosift.client_routes`: change the routes, not this file."""
