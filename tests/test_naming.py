"""Names of feature groups, and what is refused."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fsql.errors import InvalidName, TableNotFound
from fsql.naming import GroupName, check_column

PART = st.from_regex(r"[a-z0-9]{1,12}", fullmatch=True)
ENTITY = st.from_regex(r"[a-z0-9]{1,8}(_[a-z0-9]{1,8}){0,3}", fullmatch=True)
VERSION = st.from_regex(r"v[0-9]{4}", fullmatch=True)


@given(PART, PART, ENTITY, VERSION)
def test_a_name_parses_back_to_its_parts(client: str, app: str, entity: str, version: str) -> None:
    name = GroupName(client, app, entity, version)
    assert GroupName.parse(name.table) == name
    assert name.table == f"{client}_{app}_{entity}_{version}"
    assert name.table == f"{name.view}_{version}"


@pytest.mark.parametrize(
    ("parts", "said"),
    [
        (("Business", "user", "activity", "v0001"), "client 'Business'"),
        (("business", "us_er", "activity", "v0001"), "app 'us_er'"),
        (("business", "user", "_activity", "v0001"), "entity '_activity'"),
        (("business", "user", "activity", "v1"), "version 'v1'"),
        (("business", "user", "x" * 250, "v0001"), "Glue allows 255"),
    ],
)
def test_a_part_outside_the_convention_is_named(parts: tuple[str, ...], said: str) -> None:
    with pytest.raises(InvalidName, match=said):
        GroupName(*parts)


@pytest.mark.parametrize("name", ["activity", "business_user_activity", "a_b_c_V0001", ""])
def test_other_names_do_not_parse(name: str) -> None:
    with pytest.raises(InvalidName, match="business_user_activity_v0001"):
        GroupName.parse(name)


@pytest.mark.parametrize("name", ["Temp", "1st", "a b", "", "x" * 256])
def test_columns_that_athena_would_change_are_refused(name: str) -> None:
    with pytest.raises(InvalidName):
        check_column(name)


def test_a_missing_table_names_the_nearest() -> None:
    known = ["nyc_flights_weather_v0001", "nyc_flights_plane_v0001"]
    error = TableNotFound("nyc_flights_wether_v0001", "feature_store", known)
    assert error.nearest[0] == "nyc_flights_weather_v0001"
    assert "Did you mean 'nyc_flights_weather_v0001'" in str(error)
