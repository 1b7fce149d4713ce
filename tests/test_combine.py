"""Rules and encoder together: who wins, what each lends the other, and what is dropped."""

from __future__ import annotations

from typing import Any

import pytest

from pipeline.attribute.combine import combine
from pipeline.attribute.model import CONTENT_READ, SOURCE_READ
from pipeline.process import Tools
from pipeline.quotations import pair_quotations
from pipeline.records import Attribution, Evidence, Quotation, Span
from pipeline.segment import segment

# name | text | rules | encoder | result. An attribution is `content + content / cue / source`, a dash for none; in the
# rules' ones `pattern score`, in the encoder's `content's probability` may follow, in the result who supports it.
CASES = """
both agree | Ito said it rains. | it rains / said / Ito / pattern.clause 0.8 | it rains / said / Ito / 0.9 | it rains / said / Ito / agree
the encoder's edges win | Ito said it rains now. | it rains / said / Ito / pattern.clause 0.8 | it rains now / said / Ito / 0.9 | it rains now / said / Ito / agree
another source | Ito said Ruiz said it rains. | it rains / said / Ito / pattern.clause 0.8 | it rains / said / Ruiz / 0.9 | it rains / said / Ruiz / differ
a source lent | Ito said it rains. | it rains / said / Ito / pattern.clause 0.8 | it rains / said / - / 0.9 | it rains / said / Ito / lent
a cue lent with it | Ito said it rains. | it rains / said / Ito / pattern.clause 0.8 | it rains / - / - / 0.9 | it rains / said / Ito / lent
the encoder alone | Ito fears rain. | | rain / fears / Ito / 0.9 | rain / fears / Ito / alone
the encoder alone and unsure | Ito fears rain. | | rain / fears / Ito / 0.4 |
unsure, but a quotation | “Rain,” he said. | | “Rain,” / said / he / 0.4 | “Rain,” / said / he / alone
neither cue nor source | It rains. | | It / - / - / 0.9 |
the rules alone and unsure | Ito fears rain. | rain / fears / Ito / pattern.object 0.6 | |
the rules alone and sure | Ito fears rain. | rain / fears / Ito / pattern.that-clause 0.95 | | rain / fears / Ito / rules
a quotation that the encoder lost | “Rain,” he said. | “Rain,” / said / he / pattern.tag 0.9 | | “Rain,” / said / he / rules
a turn beats the encoder | ITO: No more rain. | No more rain / : / ITO / pattern.turn 0.9 | more rain / No / - / 0.9 | No more rain / : / ITO / rules
one of two quotations lost | “Rain,” he said. “Now.” | “Rain,” + “Now.” / said / he / pattern.tag 0.9 | “Rain,” / said / he / 0.9 | “Rain,” + “Now.” / said / he / agree
a quotation that runs on | “Rain,” he said. “Now.” | “Rain,” + “Now.” / said / he / pattern.tag 0.9 | “Rain,” / said / he / 0.9; “Now.” / - / - / 0.9 | “Rain,” + “Now.” / said / he / agree
"""  # noqa: E501


def spans(text: str, words: str) -> list[Span]:
    """Return the place of each part; words that come twice are taken where they come last."""
    parts = [] if words == "-" else words.split(" + ")
    return [Span(text.rindex(part), text.rindex(part) + len(part)) for part in parts]


def attributions(text: str, written: str, *, read: bool) -> list[Attribution]:
    found = []
    for one in filter(None, (part.strip() for part in written.split(";"))):
        content, cue, source, last = (part.strip() for part in one.split(" / "))
        places = spans(text, content)
        pattern, _, score = last.rpartition(" ")
        evidence = (Evidence(pattern, 0, 1),)
        if read:
            place = places[0]
            evidence = (
                Evidence(CONTENT_READ, place.start, place.end, float(score)),
                Evidence(SOURCE_READ, place.start, place.end, 0.99),
            )
        of: dict[str, Any] = {
            "cue": next(iter(spans(text, cue)), None),
            "source": next(iter(spans(text, source)), None),
        }
        found.append(Attribution(spans=tuple(places), voice="indirect", evidence=evidence, score=float(score), **of))
    return found


def quotations(text: str, tools: Tools) -> tuple[Quotation, ...]:
    return pair_quotations(text, segment(text, tools.rules), tools.rules)[0]


def shown(text: str, a: Attribution) -> str:
    parts = (a.cue.of(text) if a.cue else "-", a.source.of(text) if a.source else "-", a.evidence[-1].rule[8:])
    return " / ".join((" + ".join(span.of(text) for span in a.spans), *parts))


@pytest.mark.parametrize("case", CASES.strip().splitlines(), ids=lambda case: case.split(" | ")[0])
def test_combine(case: str, tools: Tools):
    _, text, rules, read, result = (part.strip() for part in f"{case} ".split(" |"))
    found = combine(attributions(text, rules, read=False), attributions(text, read, read=True), quotations(text, tools))
    assert "; ".join(shown(text, a) for a in found) == result


@pytest.mark.parametrize("cue", ["said", "according to"])
def test_who_relays_it_is_not_the_source(cue: str):
    text = "Ito said it rains, according to TASS."
    relay = spans(text, "TASS")[0]
    [rule] = attributions(text, "it rains / said / Ito / pattern.clause 0.8", read=False)
    [read] = attributions(text, f"it rains / {cue} / TASS / 0.9", read=True)
    rule = Attribution(spans=rule.spans, voice="indirect", cue=rule.cue, source=rule.source, chain=(relay,), score=0.8)
    [joint] = combine([rule], [read], ())
    assert (joint.source, joint.cue, joint.chain) == (rule.source, rule.cue, (relay,))


def test_that_he_said_it_is_no_part_of_what_is_relayed():
    text = "It rains, Ito said in Arden, according to TASS."
    relay = spans(text, "TASS")[0]
    [rule] = attributions(text, "It rains / said / Ito / pattern.tag 0.8", read=False)
    [read] = attributions(text, "It rains, Ito said in Arden / according to / TASS / 0.9", read=True)
    rule = Attribution(spans=rule.spans, voice="indirect", cue=rule.cue, source=rule.source, chain=(relay,), score=0.8)
    [joint] = combine([rule], [read], ())
    assert (joint.spans, joint.source, joint.cue) == (rule.spans, rule.source, rule.cue)


def test_the_floor_is_kept_by_the_place_in_the_result():
    text = "“Rain,” he said.\n\n“Now.”"
    first, kept = spans(text, "“Rain,”"), spans(text, "“Now.”")
    rules = [
        Attribution(
            spans=tuple(first), voice="direct", cue=spans(text, "said")[0], source=spans(text, "he")[0], score=0.9
        ),
        Attribution(spans=tuple(kept), voice="direct", continued=True, continues=0, score=0.9),
    ]
    read = attributions(text, "“Now.” / - / - / 0.9; “Rain,” / said / he / 0.9", read=True)
    joint = combine(rules, read, ())
    assert [(a.spans[0], a.continues) for a in joint] == [(kept[0], 1), (first[0], None)]
