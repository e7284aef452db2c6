"""TLS towards a database, by the connection's `security`."""

from __future__ import annotations

import ssl

from flov7.primitives.actions.db_query.work import Place


def tls_of(where: Place) -> ssl.SSLContext | None:
    """`verify`: a certificate that names the host; `require`: any; `none`: plain."""
    if where.security == "none":
        return None
    context = ssl.create_default_context()
    if where.security == "require":
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context
