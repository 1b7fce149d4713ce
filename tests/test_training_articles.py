"""The invented training articles: readable, and marked as the annotation rules ask."""

from __future__ import annotations

import runpy
from itertools import pairwise
from pathlib import Path

import pytest

MODULE = runpy.run_path(str(Path(__file__).parents[1] / "training" / "encoder" / "articles.py"))
ARTICLES = MODULE["read_articles"](MODULE["ARTICLES"])
OPENING = "“‘„«\"'"
DASHES = "—–"

each_article = pytest.mark.parametrize(("text", "attributions"), [pytest.param(*a[1:], id=a[0]) for a in ARTICLES])


def test_there_are_articles() -> None:
    assert len(ARTICLES) >= 32


@each_article
def test_every_attribution_has_content_and_one_cue_at_most(text, attributions) -> None:
    assert attributions
    for attribution in attributions:
        assert attribution["Content"], attribution
        assert len(attribution["Cue"]) <= 1, attribution
        assert len(attribution["Source"]) <= 1, attribution


@each_article
def test_spans_do_not_overlap(text, attributions) -> None:
    contents = sorted(span for attribution in attributions for span in attribution["Content"])
    assert all(a[1] <= b[0] for a, b in pairwise(contents))
    spans = sorted({span for attribution in attributions for role in attribution.values() for span in role})
    assert all(a[1] <= b[0] for a, b in pairwise(spans)), "no mark stands inside another"


@each_article
def test_no_span_begins_or_ends_with_white_space(text, attributions) -> None:
    for attribution in attributions:
        for start, end in (span for role in attribution.values() for span in role):
            assert 0 <= start < end <= len(text)
            assert text[start:end] == text[start:end].strip(), text[start:end]


@each_article
def test_no_content_ends_with_the_sentence_s_full_stop(text, attributions) -> None:
    for attribution in attributions:
        spans = attribution["Content"]
        for (start, end), following in zip(spans, [*spans[1:], None], strict=True):
            if text[end - 1] == ".":
                runs_on = following and "\n" in text[end : following[0]] and not text[end : following[0]].strip()
                opened = text[start] in OPENING and runs_on and text[following[0]] in OPENING
                assert opened or text[start] in DASHES, text[start:end]


def test_reading() -> None:
    text, attributions = MODULE["read_marked"]("[s1,2:Ann] [q1:said] [c1:no] and [q2:left]: [c2:“é”], [c1:yes].", "x")
    assert text == "Ann said no and left: “é”, yes."
    assert attributions == [
        {"Source": [(0, 3)], "Cue": [(4, 8)], "Content": [(9, 11), (27, 30)]},
        {"Source": [(0, 3)], "Cue": [(16, 20)], "Content": [(22, 25)]},
    ]


@pytest.mark.parametrize(
    ("marked", "place"),
    [
        ("One.\n[c1:two", "x.txt:2:1: a mark that is not closed"),
        ("One.\n\nTwo] three", "x.txt:3:4: a bracket that closes no mark"),
        ("One [sic] two", "x.txt:1:5: a bracket that opens no mark"),
        ("One [c1:] two", "x.txt:1:5: an empty mark"),
    ],
)
def test_wrong_marks_are_refused(marked, place, tmp_path) -> None:
    (tmp_path / "x.txt").write_text(marked, encoding="utf-8")
    with pytest.raises(ValueError, match=place.replace(".", r"\.")):
        MODULE["read_articles"](tmp_path)
