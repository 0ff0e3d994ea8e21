"""What of a text is quoted and what is signature."""

# ruff: noqa: RUF001

import time

import pytest

from channels.email.quotes import find_spans
from channels.email.quotes_html import html_text
from inbox.envelopes import SpanKind
from inbox.texts import new_words


def words(text: str) -> str:
    return new_words(text, find_spans(text))


ANNOUNCEMENTS = [
    "On Mon, Jan 5, 2026 at 4:12 PM Jane Doe <jane@example.org> wrote:",
    "On Mon, Jan 5, 2026 at 4:12 PM Jane Doe of the Example Company\n<jane@example.org> wrote:",
    "On 5 Jan 2026, at 16:12, Jane Doe wrote:",
    "On 05/01/2026 16:12, Jane Doe wrote:",
    "Jane Doe <jane@example.org> wrote:",
    "Am 05.01.26 um 16:12 schrieb Jane Doe:",
    "Am Mo., 5. Jan. 2026 um 16:12 Uhr schrieb Jane Doe <jane@example.org>:",
    "Jane Doe <jane@example.org> schrieb am Mo., 5. Jan. 2026, 16:12:",
    "Le lun. 5 janv. 2026 à 16:12, Jane Doe <jane@example.org> a écrit :",
    "Le 5 janvier 2026 à 16:12, Jane Doe a écrit :",
    "El lun, 5 ene 2026 a las 16:12, Jane Doe (<jane@example.org>) escribió:",
    "Il giorno lun 5 gen 2026 alle ore 16:12 Jane Doe <jane@example.org> ha scritto:",
    "Em seg., 5 de jan. de 2026 às 16:12, Jane Doe <jane@example.org> escreveu:",
    "Op ma 5 jan 2026 om 16:12 schreef Jane Doe <jane@example.org>:",
    "Den mån 5 jan. 2026 kl 16:12 skrev Jane Doe <jane@example.org>:",
    "Den man. 5. jan. 2026 kl. 16.12 skrev Jane Doe <jane@example.org>:",
    "ma 5. tammik. 2026 klo 16.12 Jane Doe (jane@example.org) kirjoitti:",
    "pon., 5 sty 2026 o 16:12 Jane Doe <jane@example.org> napisał(a):",
    "W dniu 05.01.2026 o 16:12, Jane Doe pisze:",
    "po 5. 1. 2026 v 16:12 odesílatel Jane Doe <jane@example.org> napsal:",
    "Jane Doe <jane@example.org> ezt írta (időpont: 2026. jan. 5., H, 16:12):",
    "Jane Doe <jane@example.org>, 5 Oca 2026 Pzt, 16:12 tarihinde şunu yazdı:",
    "пн, 5 янв. 2026 г. в 16:12, Jane Doe <jane@example.org>:",
    "5 января 2026 г., 16:12, Jane Doe <jane@example.org> написал:",
    "пн, 5 січ. 2026 р. о 16:12 Jane Doe <jane@example.org> пише:",
    "Στις Δευ 5 Ιαν 2026 στις 4:12 μ.μ., ο χρήστης Jane Doe <jane@example.org> έγραψε:",
    "2026年1月5日(月) 16:12 Jane Doe <jane@example.org>:",
    "Jane Doe <jane@example.org> 于2026年1月5日周一 16:12写道：",
    "2026년 1월 5일 (월) 오후 4:12, Jane Doe <jane@example.org>님이 작성:",
    "Vào Th 2, 5 thg 1, 2026 vào lúc 16:12 Jane Doe <jane@example.org> đã viết:",
    "2026-01-05 16:12 GMT+01:00 Jane Doe <jane@example.org>:",
]


@pytest.mark.parametrize("announcement", ANNOUNCEMENTS)
def test_what_is_announced_is_quoted_with_and_without_marks(announcement: str) -> None:
    assert words(f"My answer.\n\n{announcement}\n\n> Your question\n> goes here.\n") == "My answer."
    assert words(f"My answer.\n\n{announcement}\n\nYour question\ngoes here.\n") == "My answer."


@pytest.mark.parametrize(
    "header",
    [
        "From: Jane\nSent: Monday, January 5, 2026 4:12 PM\nTo: Support\nSubject: Your order",
        "*From:* Jane\n*Date:* Monday, January 5, 2026\n*To:* Support\n*Subject:* Your order",
        "________________________________\nFrom: Jane <jane@x.org>\nSent: Monday\nTo: Support\nSubject: y",
        "-----Original Message-----\nFrom: Jane\nSubject: Your order",
        "-----Ursprüngliche Nachricht-----\nVon: Jane\nGesendet: Montag\nAn: Support\nBetreff: Bestellung",
        "Von: Jane\nGesendet: Montag, 5. Januar 2026 16:12\nAn: Support\nBetreff: Bestellung",
        "De : Jane\nEnvoyé : lundi 5 janvier 2026 16:12\nÀ : Support\nObjet : Commande",
        "De: Jane\nEnviado el: lunes, 5 de enero de 2026\nPara: Support\nAsunto: Pedido",
        "Da: Jane\nInviato: lunedì 5 gennaio 2026\nA: Support\nOggetto: Ordine",
        "Van: Jane\nVerzonden: maandag 5 januari 2026\nAan: Support\nOnderwerp: Bestelling",
        "Från: Jane\nSkickat: den 5 januari 2026\nTill: Support\nÄmne: Order",
        "Fra: Jane\nSendt: mandag 5. januar 2026\nTil: Support\nEmne: Ordre",
        "Od: Jane\nWysłano: poniedziałek, 5 stycznia 2026\nDo: Support\nTemat: Zamówienie",
        "От: Jane\nОтправлено: 5 января 2026 г.\nКому: Support\nТема: Заказ",
        "发件人: Jane\n发送时间: 2026年1月5日\n收件人: Support\n主题: 订单",
        "差出人: Jane\n日時: 2026年1月5日\n宛先: Support\n件名: 注文",
        "---------- Forwarded message ---------\nFrom: Jane\nDate: Mon\nSubject: x\nTo: y",
        "Begin forwarded message:\n\nFrom: Jane\nSubject: x",
    ],
)
def test_below_the_header_of_a_quoted_mail_everything_is_quoted(header: str) -> None:
    assert words(f"My answer.\n\n{header}\n\nHello,\n\nwords of hers.\n") == "My answer."


def test_an_answer_below_the_quote_is_new() -> None:
    text = "On Mon, 5 Jan 2026, Jane wrote:\n> Do you deliver?\n> And when?\n\nYes, on Friday.\n"
    assert words(text) == "Yes, on Friday."


def test_answers_between_the_quotes_are_new() -> None:
    text = "Jane <jane@example.org> wrote:\n> Do you deliver?\nYes.\n> And when?\nOn Friday.\n"
    assert words(text) == "Yes.\nOn Friday."


@pytest.mark.parametrize(
    "signature",
    [
        "-- \nJane Doe\nExample Company\n+44 20 7946 0000",
        "--\nJane",
        "Sent from my iPhone",
        "Von meinem iPhone gesendet",
        "Envoyé de mon iPhone",
        "Enviado desde mi iPhone",
        "Inviato da iPhone",
        "Verstuurd vanaf mijn iPhone",
        "Skickat från min iPhone",
        "Wysłane z iPhone'a",
        "Отправлено с iPhone",
        "iPhoneから送信",
        "发自我的 iPhone",
        "Get Outlook for iOS",
        "Sent from Outlook for Android<https://aka.ms/x>",
        "-Jane",
        "_______________________________________________\nusers mailing list\nhttps://lists.example.org/users",
    ],
)
def test_signatures_are_found_and_are_no_quotes(signature: str) -> None:
    text = f"My answer is yes.\n\n{signature}\n"
    spans = find_spans(text)
    assert new_words(text, spans) == "My answer is yes."
    assert {span.kind for span in spans} == {SpanKind.SIGNATURE}


@pytest.mark.parametrize(
    "text",
    [
        "Hello,\n\nplease send it to me.\n\nBest regards,\nJane",
        "I have three questions:\n- where is it?\n- when?\n- Really",
        "On Monday I wrote to you:\nnobody answered.",
        "Sent from my desk, which is much easier than my mobile phone.",
        "From: I do not know.\nWhat else can I say?",
        "a -- b\n\nThis is no ---------- line",
        "The error is:\n\nerror: something broke\nat: line 5",
        "My address:\nJane Doe\n1 Example Street",
        "We met on 5 January 2026 at 16:12 and Jane said it is fine.",
        "Price: 10\nDate: tomorrow\nTo: me",
    ],
)
def test_ordinary_words_are_new(text: str) -> None:
    assert words(text) == text
    assert find_spans(text) == ()


def test_what_would_leave_nothing_is_not_quoted() -> None:
    forwarded = (
        "---------- Forwarded message ---------\nFrom: Jane\nDate: Mon\nSubject: x\nTo: y\n\nHer words."
    )
    assert "Her words." in words(forwarded)
    assert words("> only a quote") == "> only a quote"


def test_spans_are_in_order_apart_and_inside() -> None:
    text = "a\n> b\nc\n> d\n\n> e\n-- \nf"
    spans = find_spans(text)
    assert [(text[span.start : span.end], span.kind) for span in spans] == [
        ("> b\n", SpanKind.QUOTE),
        ("> d\n\n> e\n", SpanKind.QUOTE),
        ("-- \nf", SpanKind.SIGNATURE),
    ]


HTML_QUOTES = [
    '<div class="gmail_quote"><div class="gmail_attr">On Mon, x wrote:</div>'
    '<blockquote class="gmail_quote">Q</blockquote></div>',
    '<div class="moz-cite-prefix">Am 05.01.26 schrieb x:</div><blockquote type="cite">Q</blockquote>',
    '<blockquote type="cite"><div>On 5 Jan 2026, at 16:12, x wrote:</div><div>Q</div></blockquote>',
    '<div id="appendonsend"></div><hr><div id="divRplyFwdMsg">From: x</div><div>Q</div>',
    '<div style="border:none;border-top:solid #E1E1E1 1.0pt;padding:3.0pt 0cm"><p>From: x</p></div><p>Q</p>',
    '<div class="yahoo_quoted" id="yahoo_quoted_1">On Mon, x wrote:<div>Q</div></div>',
    '<div class="protonmail_quote">On Mon, x wrote:<blockquote class="protonmail_quote">Q</blockquote></div>',
    '<div class="zmail_extra">---- On Mon, x wrote ----<blockquote>Q</blockquote></div>',
    '<hr id="stopSpelling">Date: Mon<br>From: x<br><br>Q',
    '<span id="OLK_SRC_BODY_SECTION"><div>From: x</div><div>Q</div></span>',
]


@pytest.mark.parametrize("quote", HTML_QUOTES)
def test_what_mail_programs_mark_as_quoted_is_found_in_the_tree(quote: str) -> None:
    text, spans = html_text(f"<div>My answer.</div><br>{quote}")
    assert new_words(text, spans) == "My answer."
    assert "Q" in text


def test_an_answer_between_html_quotes_is_new() -> None:
    text, spans = html_text(
        '<div class="gmail_quote"><div class="gmail_attr">On Mon, x wrote:</div>'
        '<blockquote class="gmail_quote">Q1</blockquote></div><div>A1</div>'
        '<blockquote class="gmail_quote">Q2</blockquote><div>A2</div>'
    )
    assert new_words(text, spans) == "A1\nA2"


UNITS = [
    ">",
    "> a\n",
    "On a a a ",
    "On a a a\n",
    "On 5 Jan 2020 a wrote:\n",
    "-Bob\n",
    "-----\n",
    "From: a\n",
]
MORE_UNITS = ["a@b.c wrote:\n\n", "\n", "Sent from my x\n", "a:\n", "--\n", " ", "*From:* x\nTo: y\n", "<p>"]


@pytest.mark.parametrize("unit", [*UNITS, *MORE_UNITS])
def test_a_megabyte_of_anything_is_read_in_a_second(unit: str) -> None:
    text = unit * (1_000_000 // len(unit))
    begun = time.process_time()
    find_spans(text)
    assert time.process_time() - begun < 1
