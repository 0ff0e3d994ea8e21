"""What a batch knows is read anew once its conversations are held, all of it."""

from inbox.envelopes import AddressKind
from inbox.known import Known
from inbox.models import Identity


def test_whom_a_strand_is_with_is_among_the_rows_that_were_read() -> None:
    known = Known()
    correspondent = Identity(id=7, kind=AddressKind.VISITOR, address="key:visitor", customer_id=1)
    known.by_id[correspondent.id] = correspondent
    sender = Identity(id=8, kind=AddressKind.EMAIL, address="ines@norte.test", customer_id=2)
    known.add_identity(sender)

    assert set(known.rows()) == {correspondent, sender}
