"""Shim: which of its code a notebook uses, so that a change there makes only its users stale.

A notebook uses `name` of the shim if it says `d2l.name` or imports it, or if something that it
uses does. Whatever else it does with the shim (`getattr(d2l, …)`, `import *`, a string that
mentions it) counts as using everything.
"""

from __future__ import annotations

import ast
import re
import symtable
from dataclasses import dataclass
from pathlib import Path

from IPython.core.inputtransformer2 import TransformerManager

from .book import Backend, Book, BookError, read_text

SAVED = "saved"  # the shim's folder of generated modules: saved/<backend's module>/<chapter>.py
EVERYTHING = "*"


def code_used(cells: list[str], backend: Backend, book: Book) -> list[str]:
    """The code of the shim that a notebook's cells use.

    That is, whole, the hand-written modules which the backend's module and the cells import; and
    of the saved code the statements that the cells use, directly or not.
    """
    try:
        tree = ast.parse("\n".join(map(in_python, cells)))
    except SyntaxError:  # such a notebook will not run
        tree = ast.parse(f"from {book.shim.name}.{backend.module} import *")
    modules = [read_text(path) for path in imported_modules(tree, backend, book)]
    saved = saved_statements(backend, book)
    names, known = mentions(tree, backend, book), None
    while names != known:
        known = names
        used = [s for s in saved if EVERYTHING in names or s.always or s.names & names]
        names = names.union(*(statement.uses for statement in used))
    return modules + [statement.code for statement in used]


def imported_modules(tree: ast.AST, backend: Backend, book: Book) -> list[Path]:
    """The shim's hand-written modules that `tree` or the backend's module imports, sorted."""
    found: set[Path] = set()
    names = {"__init__", backend.module, *_imports(tree, book)}
    while names:
        path = book.shim / f"{names.pop()}.py"
        if path not in found and path.is_file():
            found.add(path)
            names |= _imports(parse(path), book)
    return sorted(found)


def _imports(tree: ast.AST, book: Book) -> set[str]:
    """The names of the shim's modules, and of more, that code imports in any way."""
    found: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found.update(alias.name.removeprefix(f"{book.shim.name}.") for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            module = (node.module or "").removeprefix(book.shim.name).lstrip(".")
            if node.level or (node.module or "").partition(".")[0] == book.shim.name:
                found.update([module] if module else [alias.name for alias in node.names])
    return found


def mentions(tree: ast.AST, backend: Backend, book: Book) -> set[str]:
    """The names of the backend's side of the shim that code uses; "*" if perhaps all of them."""
    shim, module = book.shim.name, f"{book.shim.name}.{backend.module}"
    used, aliases = set(), set()  # `aliases` stand for the module: d2l
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module == shim:
            aliases |= {a.asname or a.name for a in node.names if a.name == backend.module}
            used |= {EVERYTHING for a in node.names if a.name == EVERYTHING}
        elif isinstance(node, ast.ImportFrom) and node.module == module:
            used |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and (node.module or "").startswith(f"{shim}.{SAVED}"):
            used.add(EVERYTHING)
        elif isinstance(node, ast.Import):
            for alias in node.names:
                if alias.name == module and alias.asname:
                    aliases.add(alias.asname)
                elif alias.name.partition(".")[0] == shim:
                    used.add(EVERYTHING)
    plain = set()
    word = re.compile(rf"\b({'|'.join(map(re.escape, {shim, *aliases}))})\b")
    for node in ast.walk(tree):  # breadth first: `d2l.name` comes before its `d2l`
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            if node.value.id in aliases:
                used.add(node.attr)
                plain.add(node.value)
        elif isinstance(node, ast.Name) and node.id in aliases and node not in plain:
            used.add(EVERYTHING)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            used |= {EVERYTHING for _ in word.finditer(node.value)}
    return used


@dataclass(frozen=True)
class Statement:
    """A statement of a saved module.

    A name that its module has for itself, such as an import, is "module.name" in `names` and
    `uses`; one that the shim offers is there as it is as well.
    """

    code: str
    names: frozenset[str]  # that it binds
    uses: frozenset[str]
    always: bool  # it binds none, so what it does is for all


def saved_statements(backend: Backend, book: Book) -> list[Statement]:
    """All statements of a backend's saved modules."""
    found = []
    for path in sorted((book.shim / SAVED / backend.module).glob("*.py")):
        if path.stem == "__init__":
            continue  # it only lists the others
        text, tree = read_text(path), parse(path)
        lines = text.splitlines()
        imports = [s for s in tree.body if isinstance(s, (ast.Import, ast.ImportFrom))]
        for statement in tree.body:
            decorators = getattr(statement, "decorator_list", [])
            first = min(node.lineno for node in (statement, *decorators))
            code = "\n".join(lines[first - 1 : statement.end_lineno])
            own, offered = binds(code)
            is_docstring = isinstance(getattr(statement, "value", None), ast.Constant)
            with_imports = ast.Module([*imports, statement], [])
            found.append(
                Statement(
                    code,
                    frozenset({f"{path.stem}.{name}" for name in own} | offered),
                    frozenset({f"{path.stem}.{name}" for name in reads(code)})
                    | mentions(with_imports, backend, book),
                    always=not own and not is_docstring,
                )
            )
    return found


def in_python(cell: str) -> str:
    """A cell's code with IPython's magics as the calls that they stand for."""
    return TransformerManager().transform_cell(cell)


def parse(path: Path) -> ast.Module:
    """The syntax tree of a Python file; BookError if it is none."""
    try:
        return ast.parse(read_text(path))
    except SyntaxError as error:
        raise BookError(f"{path}, line {error.lineno}: {error.msg}; mend its Python") from error


def binds(code: str) -> tuple[set[str], set[str]]:
    """The names that code binds at its top level: all of them, and without what it imports."""
    symbols = symtable.symtable(code, "code", "exec").get_symbols()
    own = {s.get_name() for s in symbols if s.is_assigned() or s.is_imported()}
    return own, own - {s.get_name() for s in symbols if s.is_imported()}


def reads(code: str) -> set[str]:
    """The global names that code reads, at its top level and in functions."""

    def of(table: symtable.SymbolTable) -> set[str]:
        names = {s.get_name() for s in table.get_symbols() if s.is_global() and s.is_referenced()}
        return names.union(*map(of, table.get_children()))

    return of(symtable.symtable(code, "code", "exec"))
