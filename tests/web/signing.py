"""Signs messages as SNS signs them, with a key of its own."""

from __future__ import annotations

import base64
from datetime import UTC, datetime, timedelta
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.x509.oid import NameOID

URL = "https://sns.eu-central-1.amazonaws.com/SimpleNotificationService-0123456789abcdef.pem"

# The fields and their order as AWS's guide lists them.
FIELDS = {
    "Notification": ["Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type"],
    "SubscriptionConfirmation": [
        *["Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type"],
    ],
}


class Signer:
    """A key, its certificate, and what was fetched of it."""

    def __init__(self) -> None:
        self.key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "sns.amazonaws.com")])
        now = datetime.now(UTC)
        self.certificate = (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(name)
            .public_key(self.key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(days=1))
            .not_valid_after(now + timedelta(days=1))
            .sign(self.key, hashes.SHA256())
        )
        self.asked: list[str] = []

    def fetch(self, url: str) -> bytes:
        """The certificate, as SNS's host would give it."""
        self.asked.append(url)
        return self.certificate.public_bytes(serialization.Encoding.PEM)

    def message(self, topic: str, text: str, version: str = "1", **more: Any) -> dict[str, Any]:
        """A signed notification; `more` is put in before it is signed."""
        told = {
            "Type": "Notification",
            "MessageId": "22b80b92-fdea-4c2c-8f9d-bdfb0c7bf324",
            "TopicArn": topic,
            "Message": text,
            "Timestamp": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z"),
            "SignatureVersion": version,
            "SigningCertURL": URL,
            **more,
        }
        lines = [f"{name}\n{told[name]}\n" for name in FIELDS[told["Type"]] if name in told]
        algorithm = hashes.SHA1() if version == "1" else hashes.SHA256()
        signature = self.key.sign("".join(lines).encode(), padding.PKCS1v15(), algorithm)
        return {**told, "Signature": base64.b64encode(signature).decode()}
