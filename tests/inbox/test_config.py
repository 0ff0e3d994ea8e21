"""Settings are read from texts, and what cannot be used is said in one line."""

from pathlib import Path

import pytest

from inbox.config import Settings, load_settings
from inbox.errors import SettingsInvalid


def test_without_any_everything_has_its_default() -> None:
    assert load_settings({"HOME": "/root"}) == Settings()


def test_texts_become_what_they_mean() -> None:
    settings = load_settings(
        {
            "ONETHREAD_DATA_DIR": "/srv/x",
            "ONETHREAD_UNDO_SECONDS": " 0 ",
            "ONETHREAD_BASE_URL": "https://a.test/",
        }
    )

    assert (settings.data_dir, settings.undo_seconds) == (Path("/srv/x"), 0)
    assert (settings.base_url, settings.is_https) == ("https://a.test", True)
    assert settings.given == {"data_dir", "undo_seconds", "base_url"}


def test_a_file_gives_numbers_and_the_environment_goes_before_it(tmp_path: Path) -> None:
    file = tmp_path / "onethread.toml"
    file.write_text('undo_seconds = 5\nlanguage = "de"\n')

    settings = load_settings({"ONETHREAD_CONFIG": str(file), "ONETHREAD_LANGUAGE": "en"})

    assert (settings.undo_seconds, settings.language) == (5, "en")


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("UNDO_SECONDS", "61", "ONETHREAD_UNDO_SECONDS must be a whole number from 0 to 60."),
        ("UNDO_SECONDS", "soon", "ONETHREAD_UNDO_SECONDS must be a whole number from 0 to 60."),
        ("UNDO_SECONDS", "-1", "ONETHREAD_UNDO_SECONDS must be a whole number from 0 to 60."),
        ("LANGUAGE", "fr", "ONETHREAD_LANGUAGE must be one of en, de."),
        ("LOG_FORMAT", "xml", "ONETHREAD_LOG_FORMAT must be one of console, json."),
        ("BASE_URL", "inbox.example", "ONETHREAD_BASE_URL must start with http:// or https://."),
        ("BROKER_URL", "redis://x", "ONETHREAD_BROKER_URL is not served by this version"),
        ("BASE_UR", "x", "ONETHREAD_BASE_UR is no setting of Onethread"),
        ("GIVEN", "x", "ONETHREAD_GIVEN is no setting of Onethread"),
    ],
)
def test_what_cannot_be_used_is_named(name: str, value: str, said: str) -> None:
    with pytest.raises(SettingsInvalid) as refused:
        load_settings({f"ONETHREAD_{name}": value})

    assert str(refused.value).startswith(said)


def test_a_file_that_holds_something_else_than_text_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "onethread.toml"
    file.write_text("undo_seconds = true\n")

    with pytest.raises(SettingsInvalid, match="must be a whole number"):
        load_settings({"ONETHREAD_CONFIG": str(file)})


def test_secrets_are_not_shown_where_settings_are_printed() -> None:
    assert "abc" not in repr(Settings(secret_key="abc" * 12, google_client_secret="abc"))
