"""Which format a body has, and which its answer gets."""

import pytest

from rollbook.domain.errors import CannotAnswerIn, CannotRead
from rollbook.wire.formats import Format, for_answer, for_answer_or_json, of_body

JSON, TEXT_XML, APPLICATION_XML = Format.JSON, Format.TEXT_XML, Format.APPLICATION_XML


@pytest.mark.parametrize(
    ("accept", "expected"),
    [
        (None, JSON),
        ("", JSON),
        ("  ", JSON),
        ("*/*", JSON),
        ("application/json", JSON),
        ("text/xml", TEXT_XML),
        ("application/xml", APPLICATION_XML),
        ("TEXT/XML", TEXT_XML),
        ("text/xml; charset=utf-8", TEXT_XML),
        ("text/*", TEXT_XML),
        ("application/*", JSON),
        ("text/html, application/xml;q=0.9", APPLICATION_XML),
        # browsers, and the default of Java's HttpURLConnection
        (
            "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
            APPLICATION_XML,
        ),
        ("text/html, image/gif, image/jpeg, *; q=.2, */*; q=.2", JSON),
    ],
)
def test_the_answer_comes_in_a_format_that_is_accepted(
    accept: str | None, expected: Format
) -> None:
    """
    Types, wildcards and parameters of an `Accept` header are understood in any case.
    """
    assert for_answer(accept) is expected


@pytest.mark.parametrize(
    ("accept", "expected"),
    [
        ("text/xml;q=1.0,application/json;q=0.0", TEXT_XML),
        ("text/xml;q=0.5, application/json", JSON),
        ("application/json;q=0.4, text/xml;q=0.5", TEXT_XML),
        ("application/json; q = 0.4 , text/xml; Q=0.5", TEXT_XML),
        ("application/json;q=0.001, text/xml;q=0", JSON),
        ("application/json;version=1;q=0.1, text/xml;q=0.2", TEXT_XML),
        ("text/xml;q=0.2, text/xml;q=0.9, application/json;q=0.5", TEXT_XML),
    ],
)
def test_the_heaviest_weight_wins(accept: str, expected: Format) -> None:
    """
    Of several formats the one with the highest `q` is chosen, wherever it stands.
    """
    assert for_answer(accept) is expected


@pytest.mark.parametrize(
    ("accept", "expected"),
    [
        ("*/*, application/json;q=0", TEXT_XML),
        ("application/*;q=0, */*;q=0.1", TEXT_XML),
        ("text/xml;q=0.1, text/*;q=0.9, */*;q=0.5", JSON),
        ("text/*;q=0.9, */*;q=0.5", TEXT_XML),
        ("*/*;q=0.1, application/xml", APPLICATION_XML),
    ],
)
def test_the_most_specific_range_counts(accept: str, expected: Format) -> None:
    """
    A type's own weight beats that of its family, and that beats `*/*`.
    """
    assert for_answer(accept) is expected


@pytest.mark.parametrize(
    ("accept", "expected"),
    [
        ("text/xml, application/json", JSON),
        ("application/xml, text/xml", TEXT_XML),
        ("*/*;q=0.3, text/*;q=0.3", JSON),
    ],
)
def test_a_tie_goes_to_json_then_text_xml(accept: str, expected: Format) -> None:
    """
    Of equal weights the order is JSON, text/xml, application/xml.
    """
    assert for_answer(accept) is expected


@pytest.mark.parametrize(
    "accept",
    [
        "text/html",
        "application/json;q=0",
        "*/*;q=0",
        "application/json;q=0, text/*;q=0.0, application/xml;q=0.000",
        "application/jsonp",
        "json",
        "*",
        ",",
        ";",
        "/",
        "application/json;q=high",
        "application/json;q=2",
        "application/json;q=-1",
        "application/json;q=nan",
        "application/json;q=",
        "application/json text/xml",
        "\xff",
    ],
)
def test_what_allows_nothing_is_refused(accept: str) -> None:
    """
    A header that names nothing we speak, or cannot be read, is 406 and not a guess.
    """
    with pytest.raises(CannotAnswerIn):
        for_answer(accept)


def test_an_unreadable_range_spoils_only_itself() -> None:
    """
    What stands beside a malformed range still counts.
    """
    assert for_answer("application/json;q=high, text/xml;q=0.1") is TEXT_XML


def test_an_error_is_told_even_to_who_accepts_nothing() -> None:
    """
    A refusal has to come in some format: JSON, when the header allows none.
    """
    assert for_answer_or_json("text/xml") is TEXT_XML
    assert for_answer_or_json("image/png") is JSON


@pytest.mark.parametrize(
    ("content_type", "expected"),
    [
        ("application/json", JSON),
        ("APPLICATION/JSON", JSON),
        (" application/json ", JSON),
        ("application/json; charset=utf-8", JSON),
        ('application/json;charset="UTF-8"', JSON),
        ("application/json;charset=us-ascii", JSON),
        ("application/json; charset=", JSON),
        ("application/json; boundary=x; charset=utf8", JSON),
        ("application/json;", JSON),
        ("text/xml", TEXT_XML),
        ("text/xml; charset=UTF-8", TEXT_XML),
        ("application/xml", APPLICATION_XML),
    ],
)
def test_the_format_of_a_body_is_what_its_type_says(
    content_type: str, expected: Format
) -> None:
    """
    The three types are read, in any case and with UTF-8 or nothing as their charset.
    """
    assert of_body(content_type, None) is expected


@pytest.mark.parametrize(
    "content_type",
    [
        None,
        "",
        "json",
        "application",
        "application/",
        "application/jsonp",
        "application/json2",
        "application/ld+json",
        "application/atom+xml",
        "application/json, text/xml",
        "text/json",
        "text/plain",
        "text/html",
        "*/*",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=application/json",
        "charset=utf-8; application/json",
        "application/octet-stream",
    ],
)
def test_a_body_of_another_type_is_refused(content_type: str | None) -> None:
    """
    What is not declared as JSON or XML is 415: nothing is guessed from the body.
    """
    with pytest.raises(CannotRead, match="application/json or text/xml"):
        of_body(content_type, None)


@pytest.mark.parametrize("charset", ["utf-16", "iso-8859-1", "utf-7", '"utf-16"', "x"])
def test_a_body_in_another_charset_is_refused(charset: str) -> None:
    """
    Only UTF-8 is read, so every other charset is refused by its name.
    """
    with pytest.raises(CannotRead, match="UTF-8"):
        of_body(f"application/json; charset={charset}", None)


@pytest.mark.parametrize("encoding", ["gzip", "deflate", "br", "zstd", "identity, gzip", "x"])
def test_a_compressed_body_is_refused(encoding: str) -> None:
    """
    Nothing is unpacked, so no small body can become a large one.
    """
    with pytest.raises(CannotRead, match="Content-Encoding"):
        of_body("application/json", encoding)


@pytest.mark.parametrize("encoding", [None, "", "identity", " Identity "])
def test_a_plain_body_may_say_so(encoding: str | None) -> None:
    """
    `Content-Encoding: identity` is the same as none.
    """
    assert of_body("text/xml", encoding) is TEXT_XML
