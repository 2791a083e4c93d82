"""Where a reader answers an exercise: a cell to write in, and one that checks what was written.

The check is what the solution asserts of the functions that the exercise asks for, as far as it
needs nothing else of the solution. Until the answer is there, the check only says what to write.
"""

import ast
import builtins
from collections.abc import Iterator

PLACE = "# Your answer"


def answer(statement: str, solution: str, taken: set[str]) -> tuple[str, str]:
    """The sources of both cells; the second is empty where nothing can be checked.

    `statement` is the exercise's Markdown, `solution` the source of the solution's cells, and
    `taken` are the names that the notebook has without it.
    """
    tree = ast.parse(solution)
    asked = {
        node.name: node
        for node in tree.body
        if isinstance(node, ast.FunctionDef | ast.ClassDef)
        and (f"`{node.name}(" in statement or f"`{node.name}`" in statement)
    }
    if not asked:
        return PLACE, ""
    stub = "\n\n".join(head(node, statement) for node in asked.values())
    checks = [] if taken & asked.keys() else list(checking(tree, set(asked), taken))
    used = [name for name in asked if any(name in names_read(node) for node in checks)]
    return f"{PLACE}\n\n{stub}", check(used, [ast.get_source_segment(solution, n) for n in checks])


def head(node: ast.FunctionDef | ast.ClassDef, statement: str) -> str:
    """The first line of what to write, as a comment, with the arguments of the statement."""
    if isinstance(node, ast.ClassDef):
        return f"# class {node.name}:\n#     ..."
    call = f"{node.name}({ast.unparse(node.args)})"
    _, found, rest = statement.partition(f"`{node.name}(")
    arguments = rest.partition("`")[0].removesuffix(")")
    if found and all(each.strip().isidentifier() for each in arguments.split(",")):
        call = f"{node.name}({arguments})"
    return f"# def {call}:\n#     ..."


def checking(tree: ast.Module, asked: set[str], taken: set[str]) -> Iterator[ast.stmt]:
    """The statements that assert something of what is asked, and those which they rest on."""
    known = taken | asked | set(dir(builtins))
    rests_on: dict[str, set[ast.stmt]] = {}  # what was computed from known names, and how
    wanted: set[ast.stmt] = set()
    for node in tree.body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            known -= {node.name} - asked  # the solution's own means are for the reader to find
            continue
        if not names_read(node) <= known:
            known -= names_bound(node)
            continue
        known |= names_bound(node)
        before = {one for name in names_used(node) for one in rests_on.get(name, ())}
        for name in names_bound(node):
            rests_on[name] = rests_on.get(name, set()) | before | {node}
        about = set(asked) & {name for one in before | {node} for name in names_read(one)}
        if about and claims(node, asked, taken):
            wanted |= before | {node}
    return (node for node in tree.body if node in wanted)


def claims(node: ast.stmt, asked: set[str], taken: set[str]) -> bool:
    """Whether it asserts, by itself or by calling a check that the exercise gives."""
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Call):
        called = node.value.func
        given = isinstance(called, ast.Name) and called.id in taken
        return given and any(isinstance(a, ast.Name) and a.id in asked for a in node.value.args)
    return any(isinstance(each, ast.Assert) for each in ast.walk(node))


def check(names: list[str], statements: list[str]) -> str:
    if not names:
        return ""
    known = " and ".join(f'"{name}" in globals()' for name in names)
    lines = "\n".join(statements).splitlines()
    body = "\n".join(f"    {line}".rstrip() for line in [*lines, 'print("passes")'])
    what = " and ".join(names)
    return f"""\
# The check
if {known}:
{body}
else:
    print("Write {what} in the cell above, then run this cell.")"""


def names_read(node: ast.AST) -> set[str]:
    """Names that must be there before it."""
    if isinstance(node, ast.Assign | ast.AugAssign):
        return names_used(node)
    stored = (n for n in ast.walk(node) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store))
    inner = (n for n in ast.walk(node) if isinstance(n, ast.FunctionDef | ast.ClassDef))
    return names_used(node) - {n.id for n in stored} - {n.name for n in inner}


def names_used(node: ast.AST) -> set[str]:
    names = (each for each in ast.walk(node) if isinstance(each, ast.Name))
    used = {name.id for name in names if isinstance(name.ctx, ast.Load)}
    if isinstance(node, ast.AugAssign):
        used |= {name.id for name in ast.walk(node.target) if isinstance(name, ast.Name)}
    return used - bound_within(node)


def names_bound(node: ast.AST) -> set[str]:
    """Names that are there after it, or stand for something that it has changed."""
    found = set()
    for each in ast.walk(node):
        if isinstance(each, ast.Name) and isinstance(each.ctx, ast.Store):
            found.add(each.id)
        elif isinstance(each, ast.Subscript | ast.Attribute) and isinstance(each.ctx, ast.Store):
            found |= {name.id for name in ast.walk(each.value) if isinstance(name, ast.Name)}
        elif isinstance(each, ast.FunctionDef | ast.ClassDef):
            found.add(each.name)
        elif isinstance(each, ast.Import | ast.ImportFrom):
            found |= {alias.asname or alias.name.partition(".")[0] for alias in each.names}
    return found


def bound_within(node: ast.AST) -> set[str]:
    """Names that lambdas and comprehensions bind for themselves."""
    found = {each.arg for each in ast.walk(node) if isinstance(each, ast.arg)}
    for each in ast.walk(node):
        if isinstance(each, ast.comprehension):
            found |= {n.id for n in ast.walk(each.target) if isinstance(n, ast.Name)}
    return found
