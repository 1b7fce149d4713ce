"""Classes of statements: cases, the seed article's rows, and laws over any text."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
from conftest import analysed, read_cases
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from markup import read_markup

from pipeline import Pipeline
from pipeline.attribute.lexicon import Lexicon
from pipeline.attribute.syntax import Syntax
from pipeline.classify import Classifier, find_rule_evidence
from pipeline.classify.features import FEATURES
from pipeline.classify.rulebook import Firing, Rulebook
from pipeline.classify.weighing import READ, weigh
from pipeline.confidence import attribution_confidence, writer_confidence
from pipeline.errors import RuleError
from pipeline.process import Tools, find_attributions
from pipeline.records import CLASSES, Attribution, Classification, Resolution, Span, Speaker, Voice
from pipeline.rules import ClassPattern, ClassWeights, Cue

SEED = (Path(__file__).parent.parent / "seeds" / "000_e28d90039b5034b5.txt").read_text(encoding="utf-8")

SEED_ROWS = [
    ('"The contract has been signed" and the parties are now in the phase of discussing '
     '"the financial model for the implementation" of the contract',
     "mixed", "stressed", "Alexander Mijeyev", "announcement"),
    ("that the contract to provide a second supply of this system to Turkey is already signed and the only "
     "thing missing is to specify how the payments will be made",
     "indirect", "has assured", "The general director of the Russian consortium Rosoboronexport", "announcement"),
    ("that his country had a first agreement for the supply of the second Russian-made S-400 air defence system, "
     "while preparations continue to put the first purchased system into operation",
     "indirect", "announced", "The President of the Turkish Defence Industry, Ismail Demir", "announcement"),
    ('was bought "for use"', "mixed", "said", "he", "announcement"),
    ('the second contract would include "certain production and technology elements,"',
     "mixed", "said", "Demir", "announcement"),
    ("that technical studies, joint production details and a roadmap are required for delivery",
     "indirect", "explained", "Demir", "announcement"),
    ('"Idlib\'s main problem is President Bashar al-Assad\'s desire to establish full control of the area and block '
     "the border with Turkey, while he has also pushed three million Sunni people, who are unfriendly to al-Assad, "
     'onto Turkish soil,"',
     "direct", "told", "Vladimir Frolov, a Russian foreign affairs analyst", "analysis"),
]  # fmt: skip

SEED_WRITER = [
    ("It is capable of hitting", "claim"),
    ("In June 2016, Erdogan wrote to Putin", "claim"),
    ("While it is true that the balance", "analysis"),
]


def classifier_of(text: str, tools: Tools) -> Classifier:
    found = find_attributions(text, tools)
    return Classifier(found.doc, found.layout, tools.rules, found.meanings, tools.encoder.statements)


def classify_case(line: str, tools: Tools) -> Classification:
    text, expected = read_markup(line)
    classifier = classifier_of(text, tools)
    if not expected:
        return classifier.sentences([Span(0, len(text))])[0]
    first = expected[0]
    quoted = first.contents[0].of(text)[0] in '“"'
    voice: Voice = first.voice or ("direct" if quoted else "indirect")
    attribution = Attribution(
        spans=tuple(first.contents), voice=voice, cue=first.cue, cue_rule=cue_rule(classifier, first.cue, tools),
        source=first.source,
    )  # fmt: skip
    return classifier.attributions([attribution], [Resolution(speaker=None)])[0]


def cue_rule(classifier: Classifier, cue: Span | None, tools: Tools) -> str:
    """Return the id of the rule for a cue's last word that has one, "" if none has."""
    if cue is None:
        return ""
    page = classifier.page
    syntax, lexicon = Syntax(page.doc, ()), Lexicon(tools.rules.of(Cue))
    low, high = page.region(cue)
    matches = (match for token in reversed(page.tokens[low:high]) for match in lexicon.at(syntax, token))
    return next((match.rule.id for match in matches), "")


@pytest.mark.parametrize("case", read_cases("classify"))
def test_case(case: str, tools: Tools) -> None:
    fails, line, wanted = "==>" in case, *case.replace("==>", "=>").split(" => ")
    found = classify_case(line, tools)
    if fails:
        assert found.class_ != wanted, "passes now: write => for ==>"
    else:
        assert found.class_ == wanted, found.scores


def test_cases_are_many_and_of_every_class() -> None:
    wanted = [case.values[0].rpartition("=> ")[2] for case in read_cases("classify")]
    assert len(wanted) >= 400
    assert set(wanted) == set(CLASSES)


@pytest.fixture(scope="module")
def seed(tools: Tools) -> Classifier:
    return classifier_of(SEED, tools)


@pytest.mark.parametrize(("content", "voice", "cue", "source", "wanted"), SEED_ROWS)
def test_seed_statement(content: str, voice: Voice, cue: str, source: str, wanted: str, seed: Classifier) -> None:
    at = SEED.index(content)
    found_cue = _nearest(cue, at)
    attribution = Attribution(
        spans=(Span(at, at + len(content)),), voice=voice, cue=found_cue, source=_nearest(source, found_cue.start)
    )
    resolution = Resolution(speaker=Speaker(name="Ismail Demir", type="person"))
    found = seed.attributions([attribution], [resolution])[0]
    assert found.class_ == wanted, found.scores


@pytest.mark.parametrize(("beginning", "wanted"), SEED_WRITER)
def test_seed_sentence(beginning: str, wanted: str, seed: Classifier) -> None:
    sentence = next(s.span for s in seed.page.layout.sentences if s.span.of(SEED).startswith(beginning))
    assert seed.sentences([sentence])[0].class_ == wanted


def _nearest(words: str, at: int) -> Span:
    places = [i for i in range(len(SEED)) if SEED.startswith(words, i)]
    start = min(places, key=lambda i: abs(i - at))
    return Span(start, start + len(words))


def test_evidence_is_from_rules_and_network_and_inside_the_text(seed: Classifier, tools: Tools) -> None:
    ids = {READ} | {rule.id for rule in tools.rules.all()}
    for found in seed.sentences([s.span for s in seed.page.layout.sentences]):
        for evidence in found.evidence:
            assert evidence.rule in ids
            assert 0 <= evidence.start < evidence.end <= len(SEED)


def test_figures_make_a_sentence_worth_checking(tools: Tools) -> None:
    high = classify_case("Unemployment fell to 4.9 percent, the lowest rate since 2008, the bureau found.", tools)
    low = classify_case("It was a lovely evening for everybody.", tools)
    assert high.check_worthiness > 0.5 > low.check_worthiness


def test_announcement_with_a_figure_contains_a_claim(tools: Tools) -> None:
    line = "[source:The firm] [cue:announced] [content:that it will close two plants and cut 4,000 jobs by 2018]."
    found = classify_case(line, tools)
    assert found.class_ == "announcement"
    assert found.contains_claim


def test_unknown_feature_is_a_rule_error() -> None:
    rule = ClassPattern(id="class.test", match=(), feature="no-such-feature", weights=ClassWeights())
    with pytest.raises(RuleError, match="no-such-feature"):
        Rulebook((rule,), ())


def test_rules_decide_alone_without_a_network_and_a_rule_by_hand_counts_in_full_beside_one() -> None:
    whole, weights = Span(0, 4), ClassWeights(analysis=4.0)
    fired = [Firing("class.test", whole, weights)]
    assert weigh(whole, fired, None).class_ == "analysis"
    network = np.array([5.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0], np.float32)
    assert weigh(whole, fired, network).class_ == "claim"
    assert weigh(whole, [Firing("class.test", whole, ClassWeights(analysis=20.0), by_hand=True)], network).class_ == (
        "analysis"
    )


def test_a_users_rule_overrules_the_model(tmp_path: Path) -> None:
    (tmp_path / "ours.toml").write_text(USERS_RULE, encoding="utf-8")
    text = "Unemployment fell to 4.9 percent in May, the lowest since 2008."
    classes = [Pipeline(rules=folder).process(text).statements[0].class_ for folder in (None, tmp_path)]
    assert classes == ["claim", "other"]


USERS_RULE = """
origin = "a test"

[[class_pattern]]
id = "ours.unemployment"
words = ["unemployment"]
match = ["[Unemployment] fell."]
reject = ["Work fell."]
weights = { other = 20.0 }
writer_weights = { other = 20.0 }
"""


REASONS = [
    ("Unemployment fell to 4.9 percent in May, the lowest rate since 2008.", ["comparison", "number", "superlative"]),
    ("A court convicted the mayor of fraud in June.", ["official act", "allegation"]),
    ("The report is not true at all.", ["denial"]),
    ("It was a lovely evening.", []),
]


@pytest.mark.parametrize(("text", "wanted"), REASONS)
def test_reasons_to_check(text: str, wanted: list[str], tools: Tools) -> None:
    classifier = classifier_of(text, tools)
    found = classifier.sentences([classifier.page.layout.sentences[0].span])[0]
    assert sorted({r.reason for r in found.reasons}) == sorted(wanted)
    assert all(r.text == text[r.start : r.end] for r in found.reasons)


CHECKABLE = [
    ("He is a fool, and the city lost 3 million euros in May.", "the city lost 3 million euros in May"),
    ("We hope that 40 percent of them voted.", "40 percent of them voted"),
    ("They are the largest producer of tin in Asia.", "They are the largest producer of tin in Asia"),
]


@pytest.mark.parametrize(("text", "wanted"), CHECKABLE)
def test_checkable_part_is_the_clause_with_the_strongest_reason(text: str, wanted: str, tools: Tools) -> None:
    classifier = classifier_of(text, tools)
    found = classifier.sentences([classifier.page.layout.sentences[0].span])[0]
    assert found.checkable is not None
    assert found.checkable.of(text) == wanted


def test_every_feature_is_explained_and_used(tools: Tools) -> None:
    used = {rule.feature for rule in tools.rules.of(ClassPattern)}
    for name, feature in FEATURES.items():
        assert feature.__doc__, name
        assert name in used, name


def test_rules_can_be_tried_on_examples(tools: Tools) -> None:
    found = find_rule_evidence(*analysed("The council should act.", tools), tools.rules)
    assert ("class.duty-word", 12, 18) in [(e.rule, e.start, e.end) for e in found]


ANY_TEXT = st.text(alphabet=st.sampled_from("aB z.?!\"“”'’()\n\t0%,-:é\u200b😀") | st.characters(), max_size=120)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=ANY_TEXT, cuts=st.lists(st.integers(0, 120), min_size=6, max_size=6))
def test_any_text_gives_scores_that_sum_to_one(text: str, cuts: list[int], tools: Tools) -> None:
    classifier = classifier_of(text, tools)
    found = classifier.sentences([s.span for s in classifier.page.layout.sentences])
    a, b, c, d, e, f = sorted(min(cut, len(text)) for cut in cuts)
    if a < b:
        cue, source = (Span(c, d) if c < d else None), (Span(e, f) if e < f else None)
        attribution = Attribution(spans=(Span(a, b),), voice="indirect", cue=cue, source=source)
        found += classifier.attributions([attribution], [Resolution(speaker=None)])
    for classification in found:
        assert math.isclose(sum(classification.scores.values()), 1)
        assert set(classification.scores) == set(CLASSES)
        assert classification.scores[classification.class_] == max(classification.scores.values())
        assert 0 <= classification.check_worthiness <= 1
        assert all(0 <= ev.start <= ev.end <= len(text) for ev in classification.evidence)


@pytest.mark.parametrize("score", [0.0, 0.2, 0.5, 0.8, 1.0])
def test_confidence_is_a_probability_and_grows_with_the_scores(score: float) -> None:
    attribution = Attribution(spans=(Span(0, 1),), voice="direct", score=score)
    values = [attribution_confidence(attribution, Resolution(speaker=None, score=s)) for s in (0.0, 0.3, 0.6, 1.0)]
    assert values == sorted(values)
    assert all(0 <= value <= 1 for value in values)


def test_confidence_of_a_sentence_grows_with_its_class_score() -> None:
    def confidence(top: float) -> float:
        scores = dict(zip(CLASSES, (top, 1 - top, 0.0, 0.0), strict=True))
        return writer_confidence(
            Classification(class_="claim", scores=scores, check_worthiness=0.5, contains_claim=False)
        )

    values = [confidence(top) for top in (0.5, 0.6, 0.7, 0.8, 0.9, 1.0)]
    assert values == sorted(values)
    assert all(0 <= value <= 1 for value in values)
