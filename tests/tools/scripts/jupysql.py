"""A notebook with `%sql` magics, run; what its cells show is printed as JSON."""

import json
import sys

import nbformat
from nbclient import NotebookClient

CELLS = [
    "%load_ext sql",
    f"%sql {sys.argv[1]}",
    "%config SqlMagic.autopandas = True",
    "shops = %sql SELECT count(*) AS n, max(x) AS x FROM plain\nprint(shops.to_dict('records'))",
    "%%sql people <<\nSELECT id, name FROM plain WHERE id < {{most}} ORDER BY id",
    "print(people.to_dict('records'))",
    "%sqlcmd tables",
    "%sqlcmd columns -t plain",
]
book = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in CELLS])
book.cells.insert(1, nbformat.v4.new_code_cell("most = 3"))
NotebookClient(book, timeout=120).execute()


def shown(cell: nbformat.NotebookNode) -> str:
    texts = [
        out["text"] if out["output_type"] == "stream" else out["data"]["text/plain"]
        for out in cell.outputs
    ]
    return "".join(texts)


json.dump({cell.source.split("\n")[0]: shown(cell) for cell in book.cells}, sys.stdout)
