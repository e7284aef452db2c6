"""HTTP in and out: REST under `/api/v1`, webhooks under `/hooks`, live events, health and documentation.

One folder per noun, in each `routes.py` (what may be called), `schemas.py` (what goes in and comes out) and
`access.py` (what a key must be allowed). `app.py` joins them; nothing answers without a key but `/health`,
`/docs`, `/openapi.json` and the hooks of activated workflows.
"""
