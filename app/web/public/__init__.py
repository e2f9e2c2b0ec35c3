"""Plane 1: the protocol and the doors. Nothing here knows a cookie."""
