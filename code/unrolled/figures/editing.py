"""Open the package's own code in a cell of a notebook, where it can be changed.

The cell begins with `%%redefine` and a place; the rest of it is source.
"""

import sys
from typing import Any

from unrolled.figures import redefinition

MAGIC = "redefine"


def edit(thing: object) -> None:
    """Open a new cell with the source of a function, method or class, to be changed and run.

    Running the cell changes what the whole package and the notebook use, until the kernel
    restarts. Names mean what they mean in the module that the source comes from; names that it
    lacks are taken from the notebook, as they are when the cell runs. Objects and subclasses made
    before their class was changed keep the old class. `restore` takes a change back.

    Raises ValueError where the source is not in this package.
    """
    place = redefinition.place_of(thing)
    name = place.partition(":")[2]
    shell = _shell()
    if shell is not None:
        _teach(shell)
        shell.set_next_input(f"%%{MAGIC} {place}\n{redefinition.source_at(place)}", replace=False)
    print(
        f"In JupyterLab, Colab and IPython, this opens a cell with the source of {name}, to be "
        f"changed and run. Elsewhere begin a cell with %%{MAGIC} {place} yourself. "
        f"show.restore({name}) takes the change back."
    )


def restore(thing: object) -> None:
    """Bring back the package's own function, method or class; ValueError if it has none such."""
    shell = _shell()
    redefinition.restore(thing, {} if shell is None else shell.user_ns)


def _shell() -> Any:
    """The IPython that runs this, if one does."""
    return sys.modules["IPython"].get_ipython() if "IPython" in sys.modules else None


def _teach(shell: Any) -> None:
    """Let cells begin with %%redefine."""

    def magic(line: str, cell: str) -> None:
        redefinition.redefine(line.strip(), cell, shell.user_ns)
        name = line.strip().partition(":")[2]
        print(f"{name} is changed until show.restore({name}), or until the kernel restarts.")

    shell.register_magic_function(magic, "cell", MAGIC)


if _shell() is not None:  # so that such a cell also works in a notebook that is run anew
    _teach(_shell())
