"""Plane 2, programs: the management API. One table of operations drives routing, authorisation, OpenAPI and tests."""
