"""Does the search find it? Forty questions, each with the sections that teach the answer."""

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

CHAPTER = "book/training/bptt.html"
# What is typed -> sections of which one has to be among the first two. Nobody was watched: all are
# invented, thirty from the book's subjects and ten as people write who do not know its words.
ASKED = {
    "clip gradient": ["training/vanishing-gradients.html#too-large-clip-it"],
    "why tanh": ["sequences/recurrence.html#the-idea-a-state-and-one-rule-for-every-step"],
    "packed sequence": [
        "gates/deep-and-bidirectional.html#use-it",
        "gates/deep-and-bidirectional.html#sentences-of-different-lengths",
    ],
    "teacher forcing": ["sequence-to-sequence/teacher-forcing.html"],
    "beam search length penalty": [
        "sequence-to-sequence/search.html#why-short-sequences-win",
        "sequence-to-sequence/search.html#dividing-by-the-length",
    ],
    "exploding": ["training/vanishing-gradients.html"],
    "h0": [
        "sequences/recurrence.html#the-idea-a-state-and-one-rule-for-every-step",
        "training/truncated-bptt-carry.html#where-the-state-comes-from",
    ],
    "padding mask": [
        "sequence-to-sequence/encoder-decoder.html#two-sentences-by-hand",
        "sequence-to-sequence/encoder-decoder-padding.html#the-loss-over-the-padding",
    ],
    "LSTM forget gate bias": ["gates/lstm-time.html#the-forget-gate-is-a-time-constant"],
    "perplexity": ["sequences/language-model.html#what-follows-how-good-can-it-be"],
    "BPTT": ["training/bptt.html"],
    "many to one": ["sequences/sequences-tasks.html#five-patterns"],
    "vanishing gradient": ["training/vanishing-gradients.html"],
    "softmax temperature": [
        "sequences/language-model-sampling.html#a-temperature-is-for-logits",
        "sequences/language-model-sampling.html#from-logits-to-text",
    ],
    "nucleus sampling": ["sequences/language-model-sampling.html#from-logits-to-text"],
    "byte pair encoding": ["practice/text-at-scale.html#the-idea-a-code-book-that-can-spell"],
    "gradient check": ["training/bptt-layer.html#is-it-the-gradient"],
    "peephole": ["reference/conventions.html#the-papers-of-1997-and-2000-and-peepholes"],
    "layer norm": ["gates/deep-and-bidirectional-noise.html#layer-normalisation"],
    "recurrent dropout": [
        "gates/deep-and-bidirectional-noise.html#dropout-between-the-layers-and-over-time"
    ],
    "self-attention": ["sequence-to-sequence/attention-transformer.html#self-attention"],
    "exposure bias": [
        "sequence-to-sequence/teacher-forcing.html",
        "sequence-to-sequence/teacher-forcing-optimum.html#what-teacher-forcing-is",
    ],
    "scheduled sampling": [
        "sequence-to-sequence/teacher-forcing-optimum.html#what-scheduled-sampling-converges-to"
    ],
    "greedy decoding": ["sequence-to-sequence/search.html#one-at-a-time-greedy-search"],
    "CTC loss": ["sequence-to-sequence/speech.html#the-equations"],
    "word error rate": [
        "sequence-to-sequence/speech-targets.html#counting-mistakes-the-edit-distance"
    ],
    "dilated convolution": ["convolution/one-dimensional-reach.html#causal-and-dilated"],
    "parallel scan": ["convolution/parallel-recurrence-joining.html#the-tree"],
    "Kneser-Ney": [
        "sequences/language-model-counts.html#who-predicts-better",
        "sequences/sequences-ngrams.html#smoothing-that-works-and-some-that-does-not",
    ],
    "gradient checkpointing": ["training/truncated-bptt-exact.html#remember-less-compute-more"],
    # As people write
    "how do i stop gradients from blowing up": [
        "training/vanishing-gradients.html#too-large-clip-it"
    ],
    "vanising gradients": ["training/vanishing-gradients.html"],
    "difference between lstm and gru": ["gates/gru-from-lstm.html"],
    "which model should I use?": ["recurrence-returns/choosing.html"],
    "why reverse the source sentence": ["sequence-to-sequence/encoder-decoder-backwards.html"],
    "loss is nan": ["training/vanishing-gradients.html#too-large-clip-it"],
    "detach hidden state pytorch": ["training/truncated-bptt.html#use-it"],
    "sentences with different length in one batch": [
        "gates/deep-and-bidirectional.html#sentences-of-different-lengths"
    ],
    "bidirectionnal rnn": ["gates/deep-and-bidirectional.html"],
    "not enough data overfitting": [
        "sequences/language-model-little-text.html#five-pages-by-heart"
    ],
}


@pytest.fixture(scope="module")
def found(open_page):
    """Question -> addresses of the first two answers, in one visit."""
    with open_page(CHAPTER) as page:
        script = """async (asked) => {
            const {first} = await import("/_static/search.js");
            const places = async (words) => (await first(words, 2)).map(({meta}) => meta.place);
            return Promise.all(asked.map(async (words) => [words, await places(words)]));
        }"""
        answers = dict(page.evaluate(script, list(ASKED)))
        assert not page.problems
        return answers


def test_forty_questions_are_asked():
    assert len(ASKED) == 40


@pytest.mark.parametrize("question", ASKED)
def test_the_section_that_teaches_it_is_among_the_first_two(question, found):
    assert {f"book/{place}" for place in ASKED[question]} & set(found[question])


@pytest.mark.parametrize("width", [1280, 390])
def test_one_searches_by_keyboard_and_arrives_at_the_section(open_page, width):
    with open_page(CHAPTER, width) as page:
        page.keyboard.press("Control+K")
        page.keyboard.type("beam search length penalty")
        links = page.locator(".found-list a")
        expect(links.first).to_contain_text("Why short sequences win")
        box = page.locator(".found-box").bounding_box()
        assert box["x"] >= 0 and box["x"] + box["width"] <= width
        page.keyboard.press("ArrowDown")
        page.keyboard.press("ArrowDown")
        expect(links.nth(1)).to_be_focused()
        page.keyboard.press("ArrowUp")
        page.keyboard.press("Enter")
        page.wait_for_url("**/search.html#why-short-sequences-win")
        expect(page.locator("#why-short-sequences-win > h2")).to_be_in_viewport()
        assert not page.problems


def test_enter_opens_the_first_result_and_escape_closes(open_page):
    with open_page(CHAPTER) as page:
        page.keyboard.press("Control+K")
        page.keyboard.type("ஃஃஃ")  # a letter of Tamil: it is nowhere
        expect(page.locator(".found-status")).to_have_text("Nothing found")
        page.locator("input[type=search]:visible").fill("Jacobian")
        page.locator(".found-list a").first.focus()
        page.keyboard.press("Escape")
        expect(page.locator(".found-box")).not_to_be_visible()
        expect(page.locator(".search-button__button:focus")).to_have_count(1)
        page.keyboard.press("Control+K")
        page.keyboard.press("Enter")
        page.wait_for_url("**/bptt-index-form.html#any-cell")


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_results_have_contrast(open_page, theme):
    with open_page(CHAPTER, theme=theme) as page:
        page.keyboard.press("Control+K")
        page.keyboard.type("clip gradient")
        expect(page.locator(".found-list a").first).to_be_visible()
        found = Axe().run(page, context=".found-box").response["violations"]
        assert not [(one["id"], node["target"]) for one in found for node in one["nodes"]]


def test_without_a_server_the_readers_words_are_found_too(open_page, site):
    address = (site / "search.html").as_uri()
    with open_page(f"{address}?q=beam+search+length+penalty") as page:
        first = page.locator("#search-results li a").first
        assert first.get_attribute("href").endswith(
            "sequence-to-sequence/search.html#why-short-sequences-win"
        )


def test_without_a_server_equal_results_come_in_the_books_order(open_page, site):
    with open_page((site / "search.html").as_uri()) as page:
        order = """() => ["15. Pictures", "5. Gradients", "5.18. Ways"].map(
            (title) => ["book/x", title, "", null, 5, ""]
        ).map((result) => [...result.slice(0, 4), Scorer.score(result), ""]
        ).sort(_orderResultsByScoreThenName).reverse().map(([, title]) => title)"""
        assert page.evaluate(order) == ["5. Gradients", "5.18. Ways", "15. Pictures"]
