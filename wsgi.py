"""What a WSGI server is pointed at: `granian --interface wsgi wsgi:application`, `gunicorn wsgi:application`."""

from app.serving import application

__all__ = ["application"]
