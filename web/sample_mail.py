"""The customer of the sample, and the mails that they have ready."""

from inbox import clock
from inbox.ids import public_id

CUSTOMER_ID = "robin"
CUSTOMER_NAME = "Robin Sample"
CUSTOMER_ADDRESS = "robin@customer.example"  # RFC 2606 §3: nobody's

_LETTERS = (
    (
        "My lamp arrived with a crack",
        "Hello,\n\nthe lamp from order 48213 came today, and its shade has a crack.\n"
        "Could you send me a new one?\n\nThank you\nRobin",
    ),
    (
        "Delivery address",
        "Hello again,\n\nI am moving on the first. "
        "Please send the new shade to 4 Mill Lane instead.\n\nRobin",
    ),
    (
        "An invoice with our VAT number",
        "Hello,\n\nmy accountant asks for an invoice that names our company. Is that possible?\n\nRobin",
    ),
)


def sample_mail(number: int, *, to: str) -> bytes:
    """A mail of the sample's customer as a mail server would hand it over (RFC 5322); each is a new one."""
    subject, text = _LETTERS[number % len(_LETTERS)]
    header = (
        f"From: {CUSTOMER_NAME} <{CUSTOMER_ADDRESS}>\n"
        f"To: {to}\n"
        f"Subject: {subject}\n"
        f"Date: {clock.now():%a, %d %b %Y %H:%M:%S} +0000\n"
        f"Message-ID: <{public_id()}@customer.example>\n"
        "MIME-Version: 1.0\n"
        "Content-Type: text/plain; charset=utf-8\n"
    )
    return f"{header}\n{text}\n".replace("\n", "\r\n").encode()
