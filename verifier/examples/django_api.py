"""An API with Django, in one file. Start: gunicorn django_api:app, or uvicorn django_api:asgi"""

import os

import django
from django.conf import settings
from django.core.asgi import get_asgi_application
from django.core.wsgi import get_wsgi_application
from django.http import HttpRequest, JsonResponse
from django.urls import path

from keyturn_verify.django import needs, public

settings.configure(
    ALLOWED_HOSTS=["*"],
    ROOT_URLCONF=__name__,
    MIDDLEWARE=["keyturn_verify.django.AccessTokens"],
    KEYTURN_VERIFY={
        "issuer": os.environ["KEYTURN_ISSUER"],
        "audience": os.environ["KEYTURN_AUDIENCE"],
        "credentials": (os.environ["KEY_ID"], os.environ["KEY_SECRET"]) if "KEY_ID" in os.environ else None,
    },
)
django.setup()


@needs("contacts:read")
def contacts(request: HttpRequest) -> JsonResponse:
    """List the contacts of the caller's tenant."""
    token = request.access_token
    return JsonResponse({"key": token.key_id, "tenant": token.tenant})


@public
def health(_request: HttpRequest) -> JsonResponse:
    """Nobody needs a token for this."""
    return JsonResponse({"status": "ok"})


urlpatterns = [path("contacts", contacts), path("health", health)]
app, asgi = get_wsgi_application(), get_asgi_application()
