"""Subjects of our mails."""

import pytest

from inbox.subjects import forward_subject, reply_subject


@pytest.mark.parametrize(
    "subject",
    [
        "Lamp",
        "Re: Lamp",
        "RE: AW: SV: Lamp",
        "Re[2]: Re (3) : Lamp",
        "Ynt: Vá: R: Lamp",
        "回复\uff1a答复: Lamp",
        "رد: Lamp",
    ],
)
def test_an_answer_bears_one_re_however_many_went_before(subject: str) -> None:
    assert reply_subject(subject) == "Re: Lamp"


@pytest.mark.parametrize(
    "subject", ["Lamp", "Fwd: Re: Lamp", "WG: Lamp", "ΠΡΘ: Lamp", "转发: 轉寄\uff1aLamp", "I: R: Lamp"]
)
def test_what_is_passed_on_bears_one_fwd(subject: str) -> None:
    assert forward_subject(subject) == "Fwd: Lamp"


def test_words_before_a_colon_that_are_no_mark_stay() -> None:
    assert reply_subject("Invoice: lamp") == "Re: Invoice: lamp"
    assert reply_subject("Rent: lamp") == "Re: Rent: lamp"
    assert reply_subject("") == "Re: your message"
