"""How the names of files and the subjects of mail are written, and what they say."""

# ruff: noqa: E501

import pytest

from channels.email.parser import MailContext, parse

CONTEXT = MailContext(mailbox_address="help@desk.example")

NAMES = [
    ("a b.pdf", b'attachment; filename="a b.pdf"', b"application/pdf"),
    ("a b.pdf", b"attachment; filename=a b.pdf", b"application/pdf"),
    ("ä.pdf", b"attachment; filename*=UTF-8''%C3%A4.pdf", b"application/pdf"),
    ("ä.pdf", b"attachment; filename*=utf-8'de'%c3%a4.pdf; filename=\"a.pdf\"", b"application/pdf"),
    (
        "ä long name.pdf",
        b"attachment; filename*0*=UTF-8''%C3%A4%20;\n filename*1=\"long name\";\n filename*2*=%2Epdf",
        b"application/pdf",
    ),
    ("long name.pdf", b'attachment; filename*0="long "; filename*1="name.pdf"', b"application/pdf"),
    ("ä.pdf", b'attachment; filename="=?UTF-8?Q?=C3=A4.pdf?="', b"application/pdf"),
    ("ä b.pdf", b'attachment; filename="=?UTF-8?B?w6Qg?=\n =?UTF-8?B?Yi5wZGY=?="', b"application/pdf"),
    ("ä.pdf", b"attachment; filename==?UTF-8?Q?=C3=A4.pdf?=", b"application/pdf"),
    ("ä.pdf", b'attachment; filename="\xc3\xa4.pdf"', b"application/pdf"),
    ("ä.pdf", b'attachment; filename="\xe4.pdf"', b"application/pdf"),
    ("ä.pdf", b"attachment", b'application/pdf; name="=?iso-8859-1?Q?=E4.pdf?="'),
    ("ä.pdf", b"", b"application/pdf; name*=ISO-8859-1''%E4.pdf"),
    ("x.pdf", b'attachment; filename="C:\\fakepath\\x.pdf"', b"application/pdf"),
    ("a;b.pdf", b'attachment; filename="a;b.pdf"', b"application/pdf"),
    ("a_b.pdf", b'attachment; filename="a\\"b.pdf"', b"application/pdf"),
    ("日本.pdf", b'attachment; filename="\x1b$BF|K\\\x1b(B.pdf"', b"application/pdf"),
    ("日本.pdf", b'attachment; filename="=?ISO-2022-JP?B?GyRCRnxLXBsoQi5wZGY=?="', b"application/pdf"),
    (
        "日本語.pdf",
        b"attachment;\n filename*0*=ISO-2022-JP''%1B%24%42%46%7C%4B%5C;\n filename*1*=%38%6C%1B%28%42%2E%70%64%66",
        b"application/pdf",
    ),
    ("привет.pdf", b'attachment; filename="=?koi8-r?B?0NLJ18XULnBkZg==?="', b"application/pdf"),
    ("привет.pdf", b'attachment; filename="\xef\xf0\xe8\xe2\xe5\xf2.pdf"', b"application/pdf"),
    ("image.png", b"inline", b"image/png"),
    ("x.pdf", b"attachment; filename=x.pdf; size=12", b"application/pdf; name=y.pdf"),
    ("x.pdf", b'attachment; FileName="x.pdf"', b"application/pdf"),
    ("x.pdf", b'attachment;filename="x.pdf', b"application/pdf"),
    ("it's.pdf", b'attachment; filename="it\'s.pdf"', b"application/pdf"),
    ("it's.pdf", b"attachment; filename*=\"UTF-8''it%27s.pdf\"", b"application/pdf"),
    ("x y.pdf", b"attachment; filename*=x%20y.pdf", b"application/pdf"),
    ("€.pdf", b"attachment; filename*=UTF-8''%E2%82%AC.pdf; filename=\"EUR.pdf\"", b"application/pdf"),
    (
        "very_long_ünï.pdf",
        b'attachment; filename="=?UTF-8?Q?very=5Flong=5F=C3=BCn=C3?= =?UTF-8?Q?=AF.pdf?="',
        b"application/pdf",
    ),
    ("x.pdf", b'attachment filename="x.pdf"', b"application/pdf"),
    ("a+b.pdf", b'attachment; filename="a+b.pdf"', b"application/pdf"),
    ("тест.pdf", b"attachment; filename=\"utf-8''%D1%82%D0%B5%D1%81%D1%82.pdf\"", b"application/pdf"),
    ("photo.jpg", b'attachment; filename="photo.jpg"', b"image/jpg"),
    ("a_b.pdf", b'attachment; filename="=?utf-8?Q?a=5Fb.pdf?="', b"application/pdf"),
    (
        "Ünicode-file.pdf",
        b"attachment; filename=\"=?utf-8?Q?=C3=9Cnicode-file.pdf?=\"; filename*=utf-8''%C3%9Cnicode-file.pdf",
        b"application/pdf",
    ),
]

SUBJECTS = [
    ("Grüße", b"=?ISO-8859-1?Q?Gr=FC=DFe?="),
    ("ab", b"=?utf-8?q?a?= =?utf-8?q?b?="),
    ("a b", b"=?utf-8?q?a?= b"),
    ("a b", b"=?utf-8?q?a_b?="),
    ("Grüße an", b"=?utf-8?Q?Gr=C3=BC=C3=9Fe?= an"),
    ("xGrü", b"x=?utf-8?Q?Gr=C3=BC?="),
    ("日本", b"=?iso-2022-jp?B?GyRCRnxLXBsoQg==?="),
    ("日本", b"\x1b$BF|K\\\x1b(B"),
    ("中文", b"=?gb2312?B?1tDOxA==?="),
    ("中文", b"\xd6\xd0\xce\xc4"),
    ("Привет", b"=?koi8-r?B?8NLJ18XU?="),
    ("é", b"=?utf-8*fr?Q?=C3=A9?="),
    ("[x] é", b"[x] =?utf-8?Q?=C3=A9?="),
    ("a?b", b"=?utf-8?Q?a=3Fb?="),
    ("a b c", b"=?utf-8?Q?a b c?="),
    ("ünïcödé split ü", b"=?utf-8?B?w7xuw69jw7Zkw6kgc3BsaXQgw?= =?utf-8?B?7w=?="),
    ("line one two", b"line one\n two"),
    ("é", b"=?utf-8?b?w6k?="),
    ("é", b"=?UTF8?Q?=C3=A9?="),
    ("=?utf-8?Q?broken", b"=?utf-8?Q?broken"),
    ("=?x?y?z", b"=?x?y?z"),
    ("=?unknown?Q?abc", b"=?unknown?Q?abc"),
    ("abc", b"=?unknown?Q?abc?="),
    ("é", b"=?windows-1252?Q?=E9?="),
    ("“q”", b"=?windows-1252?Q?=93q=94?="),
    ("“q”", b"=?iso-8859-1?Q?=93q=94?="),
    ("한글", b"=?ks_c_5601-1987?B?x9Gx2w==?="),
    ("a b", b"a\tb"),
    ("é è", b" =?utf-8?Q?=C3=A9?=\n\t=?utf-8?Q?_=C3=A8?="),
    ("Re: é", b"Re: =?utf-8?Q?=C3=A9?="),
    ("a=b", b"=?utf-8?Q?a=b?="),
    ("100%", b"100%"),
    ("日本語", b"=?shift_jis?B?k/qWe4zq?="),
    ("™", b"=?utf-8?Q?=E2=84=A2?="),
    ("x", b"=?us-ascii?Q?x?="),
    ("(é)", b"(=?utf-8?Q?=C3=A9?=)"),
    ("🎉 party", b"=?UTF-8?Q?=F0=9F=8E=89_party?="),
    ("é", b"=?iso-8859-15?Q?=E9?="),
    ("a", b"=?utf-7?Q?a?="),
    ("Ä", b"=?utf-7?Q?+AMQ-?="),
]


@pytest.mark.parametrize(("name", "disposition", "kind"), NAMES)
def test_a_file_has_the_name_that_its_sender_meant(name: str, disposition: bytes, kind: bytes) -> None:
    charset = b"; charset=windows-1251" if name == "привет.pdf" else b""
    head = b"From: a@x.example\nSubject: x\nContent-Type: multipart/mixed; boundary=B\n\n--B\nContent-Type: text/plain"
    file = b"\n\nhi\n--B\nContent-Type: " + kind + b"\n"
    if disposition:
        file += b"Content-Disposition: " + disposition + b"\n"
    raw = head + charset + file + b"\nxx\n--B--\n"
    message = parse(raw, context=CONTEXT, store=lambda content: "")
    assert [one.filename for one in message.attachments] == [name]


@pytest.mark.parametrize(("subject", "written"), SUBJECTS)
def test_a_subject_says_what_its_sender_wrote(subject: str, written: bytes) -> None:
    raw = b"From: a@x.example\nSubject: " + written + b"\n\nhi"
    assert parse(raw, context=CONTEXT, store=lambda content: "").subject == subject
