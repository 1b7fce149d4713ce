"""Which language a text is in: English or another, or too little to tell."""

from __future__ import annotations

import pytest

from pipeline.language import language_of

CASES = [
    ("en", "“We will appeal,” said Ana Ruiz, and the court gave her until the end of May."),
    ("en", "Ferry to Skerrow cancelled; Mayor Okoro resigns over budget row at council"),
    ("en", "The mayor said: „Wir werden das nicht hinnehmen“, and left the hall without another word."),
    ("de", "Das ist ein kurzer Satz über die Lage in Berlin von heute."),
    ("es", "El presidente dijo ayer que no va a firmar la ley."),
    ("fr", "Le ministre a déclaré hier que le gouvernement ne changera pas de cap."),
    ("nl", "De premier heeft gisteren gezegd dat hij niet weet wat er is gebeurd."),
    ("ru", "Премьер-министр заявил вчера, что правительство не изменит свой курс."),
    ("zh", "总理昨天说，政府不会改变路线。政府不会改变路线。"),
    (None, ""),
    (None, "5 6 7 8 9 10 11 12 13"),
    (None, "Ana Ruiz, Bo Lind"),
    (None, "“Ja,” said Bo."),
    (None, "Odunayo Adebayo, Chukwuma Soludo, Babajide Sanwo-Olu, Nyesom Wike, Peter Obi"),
]


@pytest.mark.parametrize(("language", "text"), CASES)
def test_language(language, text):
    assert language_of(text) == language
