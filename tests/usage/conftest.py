"""The administrator who looks at the evidence."""

from tests.admin.conftest import admin

__all__ = ["admin"]
