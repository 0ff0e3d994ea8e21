"""Opens S/MIME mail that is signed in one piece (RFC 8551 §3.5.2): the content inside of CMS (RFC 5652).

Nothing is verified: it only makes readable what anybody may read.
"""

from collections.abc import Iterator

MAX_DEPTH = 12
MAX_ELEMENTS = 2_000

_SIGNED_DATA = bytes.fromhex("2a864886f70d010702")
_DATA = bytes.fromhex("2a864886f70d010701")
_OID, _OCTETS, _SEQUENCE, _CONTEXT_0 = 0x06, 0x04, 0x30, 0xA0
_CONSTRUCTED_OCTETS = 0x24


def signed_content(cms: bytes) -> bytes | None:
    """The mail inside of a SignedData structure, or None where it is none, or holds none."""
    outer = list(_elements(cms, 0, len(cms), 0))
    if not outer or outer[0][0] != _SEQUENCE:
        return None
    inner = list(_elements(cms, outer[0][1], outer[0][2], 1))
    if len(inner) < 2 or inner[0][0] != _OID or cms[inner[0][1] : inner[0][2]] != _SIGNED_DATA:
        return None
    for tag, start, end in _elements(cms, inner[1][1], inner[1][2], 2):
        for part_tag, part_start, part_end in _elements(cms, start, end, 3) if tag == _SEQUENCE else ():
            if part_tag != _SEQUENCE:
                continue
            content = _encapsulated(cms, part_start, part_end)
            if content is not None:
                return content
    return None


def _encapsulated(cms: bytes, start: int, end: int) -> bytes | None:
    """The octets of an EncapsulatedContentInfo (RFC 5652 §5.2) of plain data."""
    elements = list(_elements(cms, start, end, 4))
    if len(elements) < 2 or elements[0][0] != _OID or elements[1][0] != _CONTEXT_0:
        return None
    if cms[elements[0][1] : elements[0][2]] != _DATA:
        return None
    pieces: list[bytes] = []
    for tag, inner_start, inner_end in _elements(cms, elements[1][1], elements[1][2], 5):
        if tag == _OCTETS:
            pieces.append(cms[inner_start:inner_end])
        elif tag == _CONSTRUCTED_OCTETS:
            pieces += [
                cms[one_start:one_end]
                for one_tag, one_start, one_end in _elements(cms, inner_start, inner_end, 6)
                if one_tag == _OCTETS
            ]
    return b"".join(pieces) or None


def _elements(data: bytes, start: int, end: int, depth: int) -> Iterator[tuple[int, int, int]]:
    """(tag, where its content begins, where it ends) of each element; ends where the encoding is damaged."""
    position = start
    for _ in range(MAX_ELEMENTS):
        found = _element(data, position, end, depth)
        if found is None:
            return
        tag, begins, ends, position = found
        yield tag, begins, ends


def _element(data: bytes, position: int, end: int, depth: int) -> tuple[int, int, int, int] | None:
    if position + 2 > end or depth > MAX_DEPTH:
        return None
    tag, length = data[position], data[position + 1]
    begins = position + 2
    if length == 0x80:  # indefinite: down to two zero bytes
        inner = begins
        for _ in range(MAX_ELEMENTS):
            if data[inner : inner + 2] == b"\x00\x00":
                return tag, begins, inner, inner + 2
            nested = _element(data, inner, end, depth + 1)
            if nested is None:
                return None
            inner = nested[3]
        return None
    if length & 0x80:
        count = length & 0x7F
        if count > 4 or begins + count > end:
            return None
        length = int.from_bytes(data[begins : begins + count])
        begins += count
    if tag == 0 or begins + length > end:
        return None
    return tag, begins, begins + length, begins + length
