"""Which files can be looked at before they are saved."""

import pytest

from inbox.showable import Look, look_of, media_type


@pytest.mark.parametrize(
    ("content_type", "filename", "look"),
    [
        ("image/png", "a.png", Look.PICTURE),
        ("application/pdf", "a.pdf", Look.PAGES),
        ("application/octet-stream", "Invoice.PDF", Look.PAGES),
        ("text/csv", "a.csv", Look.TABLE),
        ("application/vnd.ms-excel", "a.csv", Look.TABLE),
        ("text/plain", "a.csv", Look.TABLE),
        ("text/plain", "notes", Look.TEXT),
        ("message/rfc822", "Re.eml", Look.TEXT),
        ("text/calendar", "invitation.ics", Look.TEXT),
        ("application/json", "a", Look.TEXT),
        ("audio/mpeg", "a.mp3", Look.SOUND),
        ("application/octet-stream", "voice.m4a", Look.SOUND),
        ("video/quicktime", "IMG_1.MOV", Look.FILM),
        ("text/html", "a.txt", None),
        ("image/svg+xml", "a.png", None),
        ("application/javascript", "a.txt", None),
        ("application/octet-stream", "a.exe", None),
        ("application/octet-stream", "pdf", None),
        ("application/vnd.ms-excel", "a.xls", None),
        ("application/zip", "a.pdf", None),
    ],
)
def test_what_a_file_can_be_shown_as(content_type: str, filename: str, look: Look | None) -> None:
    assert look_of(content_type, filename) == look


def test_only_sound_and_film_are_played_under_a_name_that_browsers_know() -> None:
    assert media_type("audio/x-wav", "a.wav") == "audio/wav"
    assert media_type("application/octet-stream", "a.mp4") == "video/mp4"
    assert media_type("text/html", "a.mp4") is None
    assert media_type("application/octet-stream", "a.html") is None
