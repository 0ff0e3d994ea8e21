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
    assert settings.model_fields_set == {"data_dir", "undo_seconds", "base_url"}


def test_a_file_gives_numbers_and_the_environment_goes_before_it(tmp_path: Path) -> None:
    file = tmp_path / "onethread.toml"
    file.write_text('undo_seconds = 5\nlanguage = "de"\n')

    settings = load_settings({"ONETHREAD_CONFIG": str(file), "ONETHREAD_LANGUAGE": "en"})

    assert (settings.undo_seconds, settings.language) == (5, "en")


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("UNDO_SECONDS", "61", "less than or equal to 60"),
        ("UNDO_SECONDS", "soon", "a valid integer"),
        ("UNDO_SECONDS", "-1", "greater than or equal to 0"),
        ("LANGUAGE", "fr", "must be one of en, de"),
        ("LOG_FORMAT", "xml", "'console' or 'json'"),
        ("BASE_URL", "inbox.example", "must start with http:// or https://"),
        ("BROKER_URL", "redis://x", "is not served by this version"),
        ("BASE_UR", "x", "is no setting of Onethread"),
    ],
)
def test_what_cannot_be_used_is_named_in_one_line(name: str, value: str, said: str) -> None:
    with pytest.raises(SettingsInvalid) as refused:
        load_settings({f"ONETHREAD_{name}": value})

    assert str(refused.value).startswith(f"ONETHREAD_{name}")
    assert said in str(refused.value) and "\n" not in str(refused.value)


def test_a_file_that_holds_something_else_than_text_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "onethread.toml"
    file.write_text("undo_seconds = [1]\n")

    with pytest.raises(SettingsInvalid, match="ONETHREAD_UNDO_SECONDS: Input should be a valid integer"):
        load_settings({"ONETHREAD_CONFIG": str(file)})


def test_secrets_are_not_shown_where_settings_are_printed() -> None:
    assert "abc" not in repr(Settings(secret_key="abc" * 12, google_client_secret="abc"))
