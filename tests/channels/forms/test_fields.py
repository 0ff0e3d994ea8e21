"""Field maps of forms, and the answers that fit them."""

from channels.forms.fields import DEFAULT_FIELDS, FieldType, form_fields, read_answers

ORDER = {
    "fields": [
        {"name": "order", "label": "Order number", "required": True},
        {"name": "size", "label": "Size", "type": "select", "options": ["S", "L"]},
        {"name": "text", "label": "What happened?", "type": "textarea"},
    ]
}


def test_a_channel_without_a_map_asks_for_name_email_subject_message_and_a_file() -> None:
    names = [field.name for field in form_fields({})]
    assert names == ["name", "email", "subject", "message", "file"]
    assert form_fields({}) == DEFAULT_FIELDS


def test_a_map_in_the_settings_replaces_the_default() -> None:
    order, size, text = form_fields(ORDER)
    assert (order.label, order.required) == ("Order number", True)
    assert size.options == ("S", "L")
    assert text.type is FieldType.TEXTAREA


def test_a_required_answer_that_is_missing_is_a_mistake_in_words() -> None:
    answers = read_answers(form_fields(ORDER), {"order": "  "})
    assert answers.mistakes == {"order": "Please fill this in."}


def test_an_unfinished_address_says_how_to_mend_it() -> None:
    answers = read_answers(DEFAULT_FIELDS, {"email": "ines@norte", "message": "Hello"})
    assert answers.mistakes == {"email": "Add the part after the dot, like .com or .pt."}
    assert answers.values["message"] == "Hello"


def test_an_answer_that_a_select_does_not_offer_is_refused() -> None:
    assert "size" in read_answers(form_fields(ORDER), {"order": "1", "size": "XXL"}).mistakes


def test_fields_the_map_does_not_know_are_kept_but_ours_are_not() -> None:
    answers = read_answers(
        DEFAULT_FIELDS, {"email": "a@b.example", "message": "x", "vat": "PT1", "_next": "/"}
    )
    assert answers.values["vat"] == "PT1"
    assert "_next" not in answers.values


def test_control_characters_and_foreign_line_ends_leave_the_text() -> None:
    answers = read_answers(
        DEFAULT_FIELDS, {"name": "A\r\nB\0", "email": "a@b.example", "message": "1\r\n2\r3"}
    )
    assert answers.values["name"] == "A B"
    assert answers.values["message"] == "1\n2\n3"


def test_a_flood_of_extra_fields_is_cut() -> None:
    given = {f"f{i}": "x" for i in range(500)}
    assert len(read_answers(DEFAULT_FIELDS, given).values) == 50
