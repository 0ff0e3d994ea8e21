"""PDFs, honest and hostile, made here (ISO 32000-1 §7.5)."""

import zlib

CATALOG = b"<</Type/Catalog/Pages 2 0 R>>"
ONE_PAGE = b"<</Type/Pages/Kids[3 0 R]/Count 1>>"
WORDS = b"BT /F1 40 Tf 60 700 Td (Invoice 4711) Tj ET"


def document(objects: list[bytes], *, trailer: bytes = b"") -> bytes:
    """A file of these objects, numbered from 1; the first is its catalog."""
    out, places = b"%PDF-1.7\n", []
    for number, content in enumerate(objects, 1):
        places.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, content)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    size, start = len(objects) + 1, len(out)
    out += b"xref\n0 %d\n0000000000 65535 f \n%s" % (size, table)
    return out + b"trailer\n<</Size %d/Root 1 0 R%s>>\nstartxref\n%d\n%%%%EOF\n" % (size, trailer, start)


def stream(content: bytes, *, named: bytes = b"") -> bytes:
    return b"<</Length %d%s>>stream\n%s\nendstream" % (len(content), named, content)


def letter(
    *, box: bytes = b"[0 0 595 842]", tree: bytes = ONE_PAGE, words: bytes = WORDS, packed: bytes = b""
) -> bytes:
    """One page of A4 with large letters."""
    page = b"<</Type/Page/Parent 2 0 R/MediaBox%s/Contents 4 0 R/Resources<</Font<</F1 5 0 R>>>>>>" % box
    font = b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>"
    return document([CATALOG, tree, page, stream(words, named=packed), font])


def locked() -> bytes:
    """One that asks for a password (§7.6.3)."""
    lock = b"<</Filter/Standard/V 2/R 3/Length 128/P -4/O<%s>/U<%s>>>" % (b"41" * 32, b"42" * 32)
    page = b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 9 9]>>"
    return document([CATALOG, ONE_PAGE, page, lock], trailer=b"/Encrypt 4 0 R/ID[<00><00>]")


def swelling() -> bytes:
    """A gigabyte of blanks in two kilobytes."""
    packer = zlib.compressobj(9)
    once = b"".join(packer.compress(b" " * 10_000_000) for _ in range(100)) + packer.flush()
    return letter(words=zlib.compress(once, 9), packed=b"/Filter[/FlateDecode/FlateDecode]")


def branching() -> bytes:
    """Each form draws the next one ten times, twenty deep."""
    page = b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 99 99]/Contents 4 0 R/Resources<</XObject<</I 5 0 R>>>>>>"
    form = b"/Type/XObject/Subtype/Form/BBox[0 0 99 99]/Resources<</XObject<</I %d 0 R>>>>"
    forms = [stream(b"/I Do " * 10, named=form % (number + 1)) for number in range(5, 25)]
    return document([CATALOG, ONE_PAGE, page, stream(b"/I Do"), *forms])
