"""When a forwarded mail was written, in the words of many programs and languages."""

# ruff: noqa: RUF001

import time
from datetime import datetime

import pytest

from channels.email.forward_dates import written_moment

AT = "2023-01-02T15:04"


@pytest.mark.parametrize(
    "text",
    [
        "Mon, 2 Jan 2023 15:04:00 +0000",
        "Mon, Jan 2, 2023 at 3:04 PM",
        "Monday, January 2, 2023 3:04 PM",
        "Monday, 2 January 2023 at 15:04",
        "Monday, January 2, 2023 at 04:04:00 PM GMT+1",
        "January 2, 2023 at 10:04:00 AM EST",
        "2 January 2023 at 16:04:00 CET",
        "1/2/23 3:04 PM",
        "1/2/2023 4:04 PM (GMT+01:00)",
        "02/01/2023 15:04",
        "02.01.23 16:04 (GMT+01:00)",
        "02.01.2023 15:04",
        "2023-01-02 15:04",
        "2023-01-02T15:04:00",
        "2023/01/02 15:04",
        "Montag, 2. Januar 2023 15:04",
        "Montag, 02. Januar 2023 um 15:04 Uhr",
        "Mo., 2. Jan. 2023 um 15:04 Uhr",
        "lundi 2 janvier 2023 15:04",
        "2 janvier 2023 à 16:04:00 UTC+1",
        "lun. 2 janv. 2023 à 15:04",
        "lunes, 2 de enero de 2023 15:04",
        "segunda-feira, 2 de janeiro de 2023 15:04",
        "lunedì 2 gennaio 2023 15:04",
        "maandag 2 januari 2023 15:04",
        "den 2 januari 2023 15:04",
        "2. januar 2023 kl. 15:04",
        "maanantai 2. tammikuuta 2023 15.04",
        "poniedziałek, 2 stycznia 2023 15:04",
        "pondělí 2. ledna 2023 15:04",
        "pondelok 2. januára 2023 15:04",
        "2 января 2023 г. 15:04",
        "Понедельник, 2 января 2023, 18:04 +03:00",
        "2 січня 2023 р. 15:04",
        "понеделник, 2 януари 2023 г. 15:04",
        "2023. január 2., hétfő 15:04",
        "luni, 2 ianuarie 2023 15:04",
        "2 Ocak 2023 Pazartesi 15:04",
        "Δευτέρα, 2 Ιανουαρίου 2023 3:04 μμ",
        "יום שני 02 ינואר 2023 15:04",
        "יום ב׳, 2 בינו׳ 2023 ב-15:04",
        "الاثنين، 2 يناير 2023 3:04 م",
        "٢ يناير ٢٠٢٣ ٣:٠٤ م",
        "۲ ژانویهٔ ۲۰۲۳، ۱۵:۰۴",
        "2 de gener de 2023 15:04",
        "2. jaanuar 2023 15:04",
        "pirmdiena, 2023. gada 2. janvāris 15:04",
        "2023 m. sausio 2 d. 15:04",
        "ponedeljek, 02. januar 2023 15:04",
        "ponedjeljak, 2. siječnja 2023. 15:04",
        "понедељак, 2. јануар 2023. 15:04",
        "Senin, 02 Januari 2023 15:04",
        "Thứ Hai, 2 tháng 1 2023 15:04",
        "Th 2, 2 thg 1, 2023 vào lúc 15:04",
        "วันจันทร์ที่ 2 มกราคม 2566 15:04",
        "จ. 2 ม.ค. 2023 เวลา 15:04",
        "2023年1月2日 15:04",
        "2023年1月2日(星期一) 下午3:04",
        "2023年1月2日月曜日 15:04",
        "2023/1/2 오후 3:04",
        "2023년 1월 2일 월요일 오후 3:04",
        "2023. 1. 2. 오후 3:04",
        "2023年01月02日 15:04",
    ],
)
def test_a_moment_is_read_in_every_language(text: str) -> None:
    found = written_moment(text)
    assert found is not None and found.isoformat(timespec="minutes") == f"{AT}+00:00"


@pytest.mark.parametrize("text", ["", "yesterday", "32.13.2023", "2 Foo 2023", "15:04", "99999", "0/0/0000"])
def test_what_names_no_day_is_no_moment(text: str) -> None:
    assert written_moment(text) is None


def test_a_day_without_a_time_is_its_beginning() -> None:
    assert written_moment("January 2, 2023") == datetime.fromisoformat("2023-01-02T00:00+00:00")


def test_the_longest_nonsense_is_read_at_once() -> None:
    began = time.process_time()
    for unit in ("1 ", "a.", "2023 ", "+1 ", "12:"):
        written_moment(unit * 500_000)
    assert time.process_time() - began < 1
