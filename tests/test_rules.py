"""The rules engine: mistakes are refused with file, line and remedy; every rule does what its examples say."""

from __future__ import annotations

import json
import re
import time
import tomllib

import jsonschema
import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.backtracking import ambiguous_loop
from pipeline.errors import RuleError
from pipeline.records import Span
from pipeline.rules import KINDS, Cue, Title, load_rules, read_rules, shipped_folder
from pipeline.rules_check import FINDERS, check_rules, read_example, rules_schema

GOOD = """\
origin = "made up"

[[title]]
id = "title.test"
words = ["Wizard"]
match = ["[Wizard] Ito spoke."]
"""
SECOND = GOOD.partition("\n\n")[2]
PATTERN = """\
[[not_statement]]
id = "not_statement.test"
pattern = '''PATTERN'''
reason = "title"
match = ["[“Yes”]"]
"""
CLASS = """\
[[class_pattern]]
id = "class.test"
words = ["a"]
match = ["[a]"]
"""


def folder_of(tmp_path, **files):
    for name, text in files.items():
        (tmp_path / f"{name}.toml").write_text(text, encoding="utf-8")
    return tmp_path


# ---------------------------------------------------------------- mistakes

MISTAKES = [
    ("unknown kind", GOOD.replace("[[title]]", "[[titel]]"), 3, "no kind of rule called 'titel'", "mean 'title'?"),
    ("unknown kind, nothing near", '[[xyzzy]]\nid = "a.b"', 1, "called 'xyzzy'", "Use one of: abbreviation"),
    ("unknown key", GOOD.replace("words", "word"), 5, "title.test has an unknown key 'word'", "Did you mean 'words'?"),
    ("unknown key of the file", 'orign = "me"\n' + GOOD, 1, "called 'orign'", "Did you mean 'origin'?"),
    ("missing key", GOOD.replace('words = ["Wizard"]\n', ""), 3, "title.test lacks 'words'", "Add words"),
    ("missing id", GOOD.replace('id = "title.test"\n', ""), 3, "this [[title]] lacks 'id'", "Add id"),
    ("missing examples", GOOD.replace("match =", "reject ="), 3, "title.test lacks 'match'", "in brackets"),
    ("no examples", GOOD.replace('["[Wizard] Ito spoke."]', "[]"), 6, "title.test has no examples", "in brackets"),
    ("wrong type", GOOD.replace('["Wizard"]', '"Wizard"'), 5, "title.test: words: expected `array`, got `str`", "type"),
    ("wrong type inside", GOOD.replace('["Wizard"]', '["Wizard", 3]'), 5, "words: expected `str`, got `int`", "type"),
    ("wrong value", GOOD + 'gender = "mal"\n', 7, "gender can't be 'mal'", "Did you mean 'male'?"),
    ("wrong value, nothing near", GOOD + 'gender = "x"\n', 7, "gender can't be 'x'", "Use one of: any, female, male."),
    ("empty word", GOOD.replace('"Wizard"]', '""]'), 5, "words holds an empty word", "Take it out"),
    ("id without kind", GOOD.replace("title.test", "test"), 4, "'test' is no id", "title.some-name"),
    ("id with a space", GOOD.replace("title.test", "title.a test"), 4, "is no id", "title.some-name"),
    ("id twice", GOOD + SECOND, 7, "'title.test' is taken: ", "id of its own"),
    ("single table", GOOD.replace("[[title]]", "[title]"), 3, "'title' is no list of rules", "[[title]]"),
    ("kind as a value", 'title = "x"', 1, "'title' is no list of rules", "[[title]]"),
    ("origin is a number", GOOD.replace('"made up"', "3"), 1, "origin is no string", "origin ="),
    ("disable is a string", 'disable = "title.sir"\n' + GOOD, 1, "disable is no list", "disable = ["),
    ("disable names nothing", 'disable = ["title.honrific"]\n' + GOOD, 1, "'title.honrific'", "'title.honorific'?"),
    ("not TOML", GOOD.replace('"title.test"', "title.test"), 4, "it is no TOML", "quotation marks"),
    ("string never closed", 'origin = "x\n', 1, "it is no TOML", "Correct the line"),
    ("list never closed", GOOD + 'reject = ["x"\n', 7, "it is no TOML", "Correct the line"),
    ("second rule of two", GOOD + SECOND.replace("test", "b").replace("words", "wrods"), 9, "'wrods'", "'words'"),
    (
        "no regular expression", PATTERN.replace("PATTERN", "a(b"), 3,
         "the pattern is no regular expression: missing )", "Correct it",
    ),
    (
        "catastrophic", PATTERN.replace("PATTERN", r"“(\w+\s?)*”"), 3, "the pattern can take for ever", "atomic group",
    ),
    (
        "replaces another kind", GOOD.replace("title.test", "pronoun.he"), 3,
        "replace a rule of another kind, [[pronoun]]", "another id",
    ),
    ("two things to look for", CLASS + 'pattern = "b"\n', 1, "exactly one of", "Correct"),
    ("unknown key inside", CLASS + "weights = { clam = 1.0 }\n", 5, "unknown key 'clam'", "'claim'"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "line", "message", "remedy"), [pytest.param(*c[1:], id=c[0]) for c in MISTAKES])
def test_a_mistake_is_refused_with_its_line_and_the_remedy(tmp_path, text, line, message, remedy):
    with pytest.raises(RuleError) as caught:
        load_rules(folder_of(tmp_path, mine=text))
    error = caught.value
    assert error.message.startswith(f"{tmp_path / 'mine.toml'}:{line}: ")
    assert message in error.message
    assert remedy in error.remedy
    assert (error.path, error.line) == (tmp_path / "mine.toml", line)


def test_an_id_may_not_come_twice_in_a_folder(tmp_path):
    with pytest.raises(RuleError, match=r"two\.toml:3: the id 'title\.test' is taken: .*one\.toml:3"):
        load_rules(folder_of(tmp_path, one=GOOD, two=GOOD))


def test_all_mistakes_of_a_folder_are_found_at_once(tmp_path):
    folder = folder_of(tmp_path, a=GOOD.replace("words", "word"), b="[[", c=GOOD)
    rules, errors = read_rules(folder)
    assert [e.path.name for e in errors] == ["b.toml", "a.toml"]
    assert "title.test" in rules.places
    with pytest.raises(RuleError, match="1 more"):
        load_rules(folder)


@pytest.mark.parametrize("make", ["missing", "file", "empty", "bytes"])
def test_a_folder_that_is_none_is_refused(tmp_path, make):
    folder = tmp_path / "rules"
    if make == "file":
        folder.write_text(GOOD)
    elif make != "missing":
        folder.mkdir()
    if make == "bytes":
        (folder / "a.toml").write_bytes(b'origin = "\xff"')
    expected = {"missing": "does not exist", "file": "is a file", "empty": "holds no rules", "bytes": "not valid UTF-8"}
    with pytest.raises(RuleError, match=expected[make]):
        load_rules(folder)


# ---------------------------------------------------------------- layers


def test_a_users_rules_are_laid_over_the_shipped_ones(tmp_path):
    shipped = load_rules()
    replaced = GOOD.replace("title.test", "title.honorific")
    rules = load_rules(folder_of(tmp_path, a='disable = ["title.honorific-male"]\n' + GOOD, b=replaced))
    before, after = [rule.id for rule in shipped.of(Title)], [rule.id for rule in rules.of(Title)]
    assert after == [id for id in before if id != "title.honorific-male"] + ["title.test"]
    (own,) = [rule for rule in rules.of(Title) if rule.id == "title.honorific"]
    assert (own.words, own.origin) == (("Wizard",), "made up")
    assert rules.places["title.honorific"].path == tmp_path / "b.toml"
    assert rules.digest != shipped.digest
    assert rules.digest == load_rules(tmp_path).digest


def test_the_digest_is_of_the_rules_not_of_their_files(tmp_path):
    (tmp_path / "one").mkdir()
    (tmp_path / "two").mkdir()
    one = load_rules(folder_of(tmp_path / "one", a=GOOD))
    two = load_rules(folder_of(tmp_path / "two", z="# a remark\n\n" + GOOD))
    assert one.digest == two.digest


# ---------------------------------------------------------------- patterns that take for ever

CATASTROPHIC = [
    r"(a+)+", r"(a*)*", r"(a+)*", r"(a|a)*", r"(a|aa)+", r"(?:ab|ab)*x", r"(?:a|ab|b)*", r"(x?x)*", r"(.*a)+",
    r"(\w+\s?)*", r"(?:\r\n|\n|\r)+",
    r"(?:\w+[ ,]?)*said", r"(\s*\w+\s*)*", r"(?:\w+s?\s)*", r"(\d+|\w+)+", r"([a-z]+){12,}", r"(?:\w{1,30} ?){1,30}",
    r"(?:a{1,3})+", r"(\w+)*?", r"(?=(a+)+b)", r"(?!(?:b|b?b)*c)x", r"(?i)(?:[A-Z]\w*|the)+",
    r"(?i:(?:[a-z]|A|AB)*)",
    r"(?:a(?:|))*x", r"(?:(?:a?)*)*", r"(?:[^”]+|”(?!$)|[a-z]+)*”", r"(?x) (?: \w+  ,? )* end", r"(?s:(?:.|\n+)*)",
    r"(?:(?P<word>\w+)(?:, (?:and )?| )?)+", r"(?:[“\"]?\w+[”\"]?\s*)*$", r"(?:a|b|[ab]c?)*d",
    r"(?:(?:Mr|Mrs|M)\.?r?s?)*",
]  # fmt: skip
HARMLESS = [
    r"a+", r"a*a*", r"\w+\w+", r"(\w+\s)*", r"(a|b)*", r"(?:\w|\d)*", r"(?:ab|ac)+", r"(?:a?b)*", r"(?:a?)*",
    r"^.*$",
    r"(?:\w+, )*\w+", r"(?:\w+ ?){0,3}", r"(?>\w+ ?)*", r"(?:(?>\w+),? ?)*", r"(?:\w++ ?)*",
    r"(a)\1*", r"(?:(?!end)\w)*",
    r"(?:[A-Z]\w*|the|of)(?: (?:[A-Z]\w*|the|of))*", r"“[^”]*”(?:, “[^”]*”)*", r"(?:[^“”]|“[^”]*”)*",
    r"(?:a|b|c(?:d|e)+)*",
    r"(?:\d{1,3},)*\d{3}", r"(?:(?:Mr|Mrs|Dr)\. )*", r"\b(?:[A-Z]\.)+", r"(?:\r\n|[^\r\n])+", r"", r"(?:)*",
]  # fmt: skip


@pytest.mark.parametrize("pattern", CATASTROPHIC)
def test_a_loop_that_reads_in_two_ways_is_found(pattern):
    assert ambiguous_loop(pattern)


@pytest.mark.parametrize("pattern", HARMLESS)
def test_a_loop_that_reads_in_one_way_is_left_alone(pattern):
    assert ambiguous_loop(pattern) is None
    start = time.perf_counter()
    for text in ["a" * 40, "ab" * 20, "the A " * 7, "1,234,567,", "“a”, “b", "Mr. Mrs. ", "abc " * 10]:
        re.compile(pattern).fullmatch(text + "\x00")
    assert time.perf_counter() - start < 1


def test_case_counts_where_the_stage_ignores_it():
    pattern = r"(?:[A-Z]\w*|the)(?: ?(?:[A-Z]\w*|the))*"
    assert ambiguous_loop(r"(?:[A-Z]|th?e?)*") is None
    assert ambiguous_loop(r"(?:[A-Z]|th?e?)*", re.IGNORECASE) == "t"
    assert ambiguous_loop(pattern)


ATOMS = st.sampled_from(["a", "b", "ab", "a?", "b*", "[ab]", "a+", "(?=a)", r"\b", "a{2,3}"])
PATTERNS = st.recursive(
    ATOMS,
    lambda inner: st.one_of(
        st.tuples(inner, inner).map("".join),
        st.tuples(inner, inner).map(lambda pair: f"(?:{pair[0]}|{pair[1]})"),
        st.tuples(inner, st.sampled_from(["*", "+", "?", "*?", "{0,2}", "{3,}"])).map(
            lambda pair: f"(?:{pair[0]}){pair[1]}"
        ),
    ),
    max_leaves=6,
)


@settings(max_examples=150, deadline=None)
@given(pattern=PATTERNS)
def test_what_is_left_alone_is_quick(pattern):
    if ambiguous_loop(pattern) is None:
        start = time.perf_counter()
        for text in ["a" * 24, "ab" * 12, "aab" * 8]:
            re.compile(pattern).fullmatch(text + "x")
        assert time.perf_counter() - start < 1


@settings(max_examples=100, deadline=None)
@given(pattern=st.text("ab()[]|*+?{}0123,\\wsdb^$.:=!<>P&~-", max_size=30))
def test_any_text_is_judged_or_is_no_pattern(pattern):
    try:
        re.compile(pattern)
    except (re.error, OverflowError):
        with pytest.raises((re.error, OverflowError)):
            ambiguous_loop(pattern)
    else:
        ambiguous_loop(pattern)


# ---------------------------------------------------------------- examples

WRITTEN = [
    ("“No,” [said] Ito.", "“No,” said Ito.", [(6, 10)]),
    ("[a] b [c d]", "a b c d", [(0, 1), (4, 7)]),
    ("plain", "plain", []),
    (r"\[sic\] [x]", "[sic] x", [(6, 7)]),
    (r"[\[…\]]", "[…]", [(0, 3)]),
    (r"a \ b [c]", "a \\ b c", [(6, 7)]),
]


@pytest.mark.parametrize(("written", "text", "spans"), WRITTEN)
def test_brackets_point_at_words(written, text, spans):
    assert read_example(written) == (text, tuple(Span(*span) for span in spans))


@pytest.mark.parametrize("written", ["[a", "a]", "[a [b]]", "]a["])
def test_a_bracket_needs_its_partner(written):
    with pytest.raises(ValueError, match=re.escape(written)):
        read_example(written)


ZONE = """\
[[zone]]
id = "zone.test"
zone = "boilerplate"
pattern = '''Sing along: .+$'''
match = [
  MATCH
]
reject = [REJECT]
"""
EXAMPLES = [
    ("right", '"[Sing along: la la]"', '"They sing along: la."', None, ""),
    (
        "fires on other words", '"[Sing along]: la la"', "", 6,
        "must match [Sing along] (0–10), but the rule fires on [Sing along: la la] (0–17)",
    ),
    ("nothing fires", '"[Hum along]"', "", 6, "must match [Hum along] (0–9), but nothing fires there"),
    ("another rule fires", '"[Source: Harbour News| 2018]"', "", 6, "but there fires zone.byline-source"),
    ("must not fire", '"[Sing along: la]"', '"Sing along: no"', 8, "must not match, but does [Sing along: no]"),
    ("must not fire there", '"[Sing along: la]"', '"Sing [along]: no"', None, ""),
    ("no brackets", '"Sing along: la"', "", 6, "shows no words in [brackets]"),
    ("half a bracket", '"[Sing along: la"', "", 6, "bracket without partner"),
]  # fmt: skip


@pytest.mark.parametrize(("match", "reject", "line", "message"), [pytest.param(*c[1:], id=c[0]) for c in EXAMPLES])
def test_examples_are_tried(tmp_path, tools, match, reject, line, message):
    folder = folder_of(tmp_path, mine=ZONE.replace("MATCH", match).replace("REJECT", reject))
    problems = check_rules(folder, tools)
    if line is None:
        assert problems == []
    else:
        (problem,) = problems
        assert (problem.path, problem.line, problem.rule) == (str(folder / "mine.toml"), line, "zone.test")
        assert message in problem.message


def test_a_file_that_can_not_be_loaded_is_a_problem_like_others(tmp_path, tools):
    (problem,) = check_rules(folder_of(tmp_path, mine="[[", other=GOOD.replace("Wizard", "Sir")), tools)[:1]
    assert (problem.line, problem.rule) == (1, "")
    assert problem.message.startswith("it is no TOML")
    (missing,) = check_rules(tmp_path / "none", tools)
    assert "does not exist" in missing.message


# ---------------------------------------------------------------- the shipped rules


def test_every_kind_has_a_stage_that_says_what_fires():
    assert set(FINDERS) == set(KINDS)


def test_every_shipped_rule_says_where_it_comes_from():
    assert [rule.id for rule in load_rules().all() if not rule.origin] == []


def test_every_shipped_rule_does_what_its_examples_say(tools):
    problems = check_rules(None, tools)
    assert not problems, "\n".join(f"{p.path}:{p.line}: {p.rule}: {p.message}" for p in problems)


def test_the_schema_is_current_and_holds_for_every_shipped_file():
    schema = json.loads((shipped_folder() / "schema.json").read_text(encoding="utf-8"))
    remedy = "from pipeline.rules_check import write_rules_schema; write_rules_schema(Path('rules'))"
    assert schema == rules_schema(), f"Bring it up to date: {remedy}"
    validator = jsonschema.Draft202012Validator(schema)
    for path in sorted(shipped_folder().glob("*.toml")):
        validator.validate(tomllib.loads(path.read_text(encoding="utf-8")))
    assert not validator.is_valid({"cue": [{"id": "cue.x", "lema": "x"}]})


@pytest.mark.parametrize("page", ["rules/README.md", "docs/rules.md"])
def test_the_rules_that_the_guides_show_are_right(tmp_path, tools, page):
    text = (shipped_folder().parent / page).read_text(encoding="utf-8")
    shown = re.findall(r"```toml\n(.*?)```", text, re.DOTALL)
    assert shown
    assert check_rules(folder_of(tmp_path, **{f"shown{n}": rules for n, rules in enumerate(shown)}), tools) == []


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_the_guide_names_every_kind_with_its_keys(kind):
    guide = (shipped_folder().parent / "docs/rules.md").read_text(encoding="utf-8")
    (row,) = [line for line in guide.splitlines() if line.startswith(f"| `{kind}` |")]
    keys = {field.encode_name for field in msgspec.structs.fields(KINDS[kind])} - {"id", "match", "reject", "origin"}
    assert {key for key in keys if f"`{key}`" not in row} == set()


def test_what_the_guide_says_of_patterns_is_true():
    guide = (shipped_folder().parent / "docs/rules.md").read_text(encoding="utf-8")
    table = guide.partition("| refused |")[2].partition("\n\n")[0]
    rows = [line.split(" | ") for line in table.splitlines()[2:]]
    for refused, _, instead in rows:
        assert ambiguous_loop(re.search(r"`(.*)`", refused)[1].replace("\\|", "|")), refused
        for pattern in re.findall(r"`([^`]*)`", instead):
            assert ambiguous_loop(pattern) is None, pattern


def test_rules_are_typed():
    assert all(isinstance(rule, Cue) for rule in load_rules().of(Cue))
