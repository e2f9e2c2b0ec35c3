"""Code samples for one key; only the first holds its secret."""

from __future__ import annotations

from typing import NamedTuple

from app.settings import Settings


class Sample(NamedTuple):
    """A sample: its name and text."""

    name: str
    text: str


def samples(settings: Settings, key_id: str, secret: str | None) -> tuple[Sample, ...]:
    """What to paste where.

    secret   stands in the .env sample; the others read it from the environment
    """
    base = settings.base
    env = f"""# .env  (keep out of git)
API_TOKEN_URL={base}/token
API_CLIENT_ID={key_id}
API_CLIENT_SECRET={secret or "…"}"""
    curl = f"""# 1. exchange for an access token
curl -sS -u "$API_CLIENT_ID:$API_CLIENT_SECRET" \\
     -d grant_type=client_credentials "$API_TOKEN_URL"
# 2. or call directly with the key
curl -sS -H "X-API-Key: $API_CLIENT_SECRET" {base}/api/user"""
    python = f"""import os, requests
r = requests.post(os.environ["API_TOKEN_URL"], data={{"grant_type": "client_credentials"}},
                  auth=(os.environ["API_CLIENT_ID"], os.environ["API_CLIENT_SECRET"]), timeout=10)
r.raise_for_status()
token = r.json()["access_token"]
print(requests.get("{base}/api/user",
                   headers={{"Authorization": f"Bearer {{token}}"}}, timeout=10).json())"""
    javascript = f"""// Node.js 20+, server side only
const id = process.env.API_CLIENT_ID, secret = process.env.API_CLIENT_SECRET;
const res = await fetch(process.env.API_TOKEN_URL, {{
  method: "POST",
  headers: {{ Authorization: "Basic " + Buffer.from(`${{id}}:${{secret}}`).toString("base64"),
             "Content-Type": "application/x-www-form-urlencoded" }},
  body: "grant_type=client_credentials" }});
const {{ access_token }} = await res.json();
const me = await fetch("{base}/api/user",
  {{ headers: {{ Authorization: `Bearer ${{access_token}}` }} }});
console.log(me.status, await me.json());"""
    header = f"""# Zapier, Pabbly and other no-code tools: one header field
URL     {base}/api/user
Header  X-API-Key
Value   the secret above"""
    return (
        Sample(".env", env),
        Sample("cURL", curl),
        Sample("Python", python),
        Sample("JavaScript", javascript),
        Sample("Header only", header),
    )
