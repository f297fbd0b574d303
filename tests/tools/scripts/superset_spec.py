"""What Superset makes of fsql's engine spec, as JSON: the spec that it finds, and its SQL."""

import datetime as dt
import json
import sys

from superset.app import create_app

with create_app().app_context():
    from superset.db_engine_specs import get_engine_spec, load_engine_specs

    spec = get_engine_spec("fsql")
    moment = dt.datetime(2026, 2, 14, 13, 47, 38, 123456)
    answers = {
        "loaded": [one.engine_name for one in load_engine_specs() if one.engine == "fsql"],
        "engine": spec.engine,
        "drivers": list(spec.drivers),
        "grains": spec.get_time_grain_expressions(),
        "names": {grain.duration: grain.name for grain in spec.get_time_grains()},
        "literals": {
            name: spec.convert_dttm(name, moment) for name in ("DATE", "TIMESTAMP", "VARCHAR")
        },
        "seconds": spec.epoch_to_dttm(),
        "milliseconds": spec.epoch_ms_to_dttm(),
        "label": spec.make_label_compatible("SUM(Amount)"),
        "joins": spec.allows_joins,
        "subqueries": spec.allows_subqueries,
    }
json.dump(answers, sys.stdout, default=str)  # names are translated late
