"""A certificate authority of this site's own, and the certificate of its front door."""

from __future__ import annotations

import ssl

from operations.practice.layout import Layout, write_private


def ensure_certificates(layout: Layout) -> None:
    """Make both once; later starts find them."""
    if layout.authority.exists() and layout.certificate.exists():
        return
    import trustme

    authority = trustme.CA(organization_name="Harbour Tow practice authority")
    door = authority.issue_cert("127.0.0.1", "localhost", "::1", common_name="localhost")
    parts = [door.private_key_pem.bytes(), *(blob.bytes() for blob in door.cert_chain_pems)]
    write_private(layout.certificate, b"".join(parts).decode("ascii"))
    write_private(layout.authority, authority.cert_pem.bytes().decode("ascii"))


def door_context(layout: Layout) -> ssl.SSLContext:
    """TLS for a front door: HTTP/1.1 only, since it passes bytes on."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(layout.certificate)
    context.set_alpn_protocols(["http/1.1"])
    return context
