"""A marimo notebook with a SQL cell over the store's engine."""

import marimo

app = marimo.App()


@app.cell
def _():
    import os

    import marimo as mo
    import sqlalchemy

    engine = sqlalchemy.create_engine(os.environ["STORE"])
    return engine, mo


@app.cell
def _(engine, mo):
    people = mo.sql("SELECT id, name, x FROM plain WHERE id < 3 ORDER BY id", engine=engine)
    return (people,)


@app.cell
def _(people):
    print("people:", people.to_dicts())
    return


if __name__ == "__main__":
    app.run()
