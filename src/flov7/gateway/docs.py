"""`/docs`: the description to read and to try, from files of our own: it needs no network."""

from __future__ import annotations

from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path

from fastapi import APIRouter
from starlette.responses import FileResponse, HTMLResponse, Response

from flov7.kit.errors import NotFound

router = APIRouter(include_in_schema=False)
_FILES = {
    "swagger-ui-bundle.js": "text/javascript",
    "swagger-ui.css": "text/css",
}
_PAGE = """<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Flov7 API</title>
<meta name="viewport" content="width=device-width,initial-scale=1">
<link rel="stylesheet" href="/docs/swagger-ui.css">
<style>body{margin:0}.swagger-ui .topbar{display:none}</style></head>
<body><div id="docs"></div><script src="/docs/swagger-ui-bundle.js"></script><script src="/docs/start.js"></script>
</body></html>"""
_START = """SwaggerUIBundle({url: "/openapi.json", dom_id: "#docs", deepLinking: true, persistAuthorization: false,
  docExpansion: "none", defaultModelsExpandDepth: 0, tryItOutEnabled: true, displayRequestDuration: true,
  presets: [SwaggerUIBundle.presets.apis], layout: "BaseLayout"});"""
_POLICY = "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; frame-ancestors 'none'"


@router.get("/docs")
async def page() -> Response:
    """The page."""
    return HTMLResponse(_PAGE, headers={"content-security-policy": _POLICY})


@router.get("/docs/start.js")
async def start() -> Response:
    """What sets the page up."""
    return Response(_START, media_type="text/javascript")


@router.get("/docs/{name}")
async def asset(name: str) -> Response:
    """Swagger UI's own files, from the installed package `fastapi-offline`."""
    kind = _FILES.get(name)
    if kind is None:
        raise NotFound("There is no such file.", hint="The page is at /docs.")
    return FileResponse(_folder() / name, media_type=kind, headers={"cache-control": "public, max-age=86400"})


@lru_cache(maxsize=1)
def _folder() -> Path:
    """Where the package's files lie; it is not imported."""
    spec = find_spec("fastapi_offline")
    if spec is None or spec.origin is None:
        raise NotFound("The documentation's files are not installed.", hint="Install requirements/demo.txt.")
    return Path(spec.origin).parent / "static"
