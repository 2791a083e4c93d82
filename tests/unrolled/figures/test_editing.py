import nbformat
import pytest
from IPython.core.interactiveshell import InteractiveShell
from IPython.utils.capture import capture_output
from nbclient import NotebookClient
from traitlets.config import Config

from unrolled.figures import show
from unrolled.layers import softmax
from unrolled.layers.rnn import RNN

FIRST = """
import numpy as np
from unrolled.figures import show
from unrolled.layers import RNN, loss, softmax
from unrolled.models import Reminded
"""


@pytest.fixture
def shell():
    """A real IPython, without a kernel."""
    quiet = Config({"HistoryManager": {"enabled": False}})
    shell = InteractiveShell.instance(config=quiet)
    yield shell
    for thing in (softmax, RNN.forward):
        show.restore(thing)
    InteractiveShell.clear_instance()


def run(shell, cell):
    """What a cell prints, and the text of the cell that it opens."""
    shell.rl_next_input = None
    with capture_output() as captured:
        shell.run_cell(cell).raise_error()
    return captured.stdout, shell.rl_next_input


def test_a_method_is_opened_changed_run_and_brought_back(shell):
    run(shell, FIRST + "layer = RNN.init(2, 3, np.random.default_rng(0))\nh_0 = np.zeros((1, 3))")
    said, cell = run(shell, "show.edit(RNN.forward)")
    assert "opens a cell with the source of RNN.forward" in said and said.count("\n") == 1
    first, _, code = cell.partition("\n")
    assert first == "%%redefine unrolled.layers.rnn:RNN.forward" and code.startswith("def forward(")
    value = "print(layer.forward(np.ones((1, 1, 2)), h_0)[0])"
    before, _ = run(shell, value)
    said, _ = run(shell, cell.replace("np.tanh", "np.sin"))
    assert said.startswith("RNN.forward is changed until show.restore(RNN.forward)")
    assert run(shell, value)[0] != before
    _, again = run(shell, "show.edit(RNN.forward)")  # as changed: one goes on from there
    assert again == cell.replace("np.tanh", "np.sin")
    run(shell, "show.restore(RNN.forward)")
    assert run(shell, value)[0] == before


def test_a_function_is_changed_for_the_package_and_the_notebook(shell):
    run(shell, FIRST + "sharpness = 50")
    _, cell = run(shell, "show.edit(softmax)")
    run(shell, cell.replace("np.exp(", "np.exp(sharpness * "))
    u = "np.array([0.0, 1.0]))[1] > 0.99)"
    assert run(shell, f"print(softmax({u}; print(loss.softmax({u}")[0] == "True\nTrue\n"
    assert softmax(shell.user_ns["np"].array([0.0, 1.0]))[1] > 0.99


def test_a_cell_with_a_mistake_says_so(shell):
    run(shell, FIRST + "show.edit(softmax)")
    result = shell.run_cell("%%redefine unrolled.layers.loss:softmax\ndef softmin(u): return u")
    with pytest.raises(ValueError, match="the cell must define softmax"):
        result.raise_error()


def test_what_is_not_the_packages_cannot_be_opened(shell):
    shell.rl_next_input = None
    with pytest.raises(ValueError, match="function, method or class of unrolled, got <built-in"):
        show.edit(len)
    assert shell.rl_next_input is None


def test_without_a_notebook_it_says_where_it_works(capsys):
    InteractiveShell.clear_instance()
    show.edit(softmax)
    assert capsys.readouterr().out.startswith("In JupyterLab, Colab and IPython, this opens a cell")


def test_in_a_kernel():
    """Open, change, run anew: a notebook kept with its cell works from its first cell on."""
    cells = [FIRST, "show.edit(softmax)"]
    book = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])
    client = NotebookClient(book, timeout=120)
    replies = []
    client.on_cell_executed = lambda **executed: replies.append(executed["execute_reply"])
    client.execute()
    [payload] = replies[-1]["content"]["payload"]
    assert payload["source"] == "set_next_input" and payload["replace"] is False
    assert book.cells[-1].outputs[0]["text"].count("\n") == 1 and len(book.cells) == 2
    changed = payload["text"].replace("return e /", "return 0.1 + 0 * e /")
    use = "print(softmax(np.zeros(4)), loss.softmax(np.zeros(4)))"
    kept = [FIRST, changed, use, "show.restore(softmax)", use]
    book = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in kept])
    NotebookClient(book, timeout=120).execute()
    assert book.cells[2].outputs[0]["text"] == "[0.1 0.1 0.1 0.1] [0.1 0.1 0.1 0.1]\n"
    assert book.cells[4].outputs[0]["text"] == "[0.25 0.25 0.25 0.25] [0.25 0.25 0.25 0.25]\n"
