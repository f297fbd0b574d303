"""A Streamlit app with a connection by the URL, run headless; what it shows as JSON."""

import json
import sys

from streamlit.testing.v1 import AppTest


def app(url: str) -> None:
    import sqlalchemy as sa
    import streamlit as st

    store = st.connection("store", type="sql", url=url)
    known = "SELECT id, name, x FROM plain WHERE name = :name"
    st.dataframe(store.query(known, params={"name": "ann"}, ttl=0))
    with store.session as session:
        session.execute(
            sa.text("INSERT INTO noted VALUES (:id, :note)"),
            {"id": 1, "note": '50% of it\'s "true"'},
        )
        session.commit()
    st.dataframe(store.query("SELECT * FROM noted", ttl=0))


ran = AppTest.from_function(app, args=(sys.argv[1],), default_timeout=100).run()
frames = [frame.value.to_dict("records") for frame in ran.dataframe]
json.dump({"exceptions": [one.message for one in ran.exception], "frames": frames}, sys.stdout)
