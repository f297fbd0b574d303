<%
    body = f"{upgrades or ''} {downgrades or ''}"
    lines = imports.splitlines() if imports else []
    if "sa." in body:
        lines.append("import sqlalchemy as sa")
    if "op." in body:
        lines.append("from alembic import op")
    elif not isinstance(down_revision, (list, tuple)):
        lines.append("from alembic import op  # noqa: F401")
    quoted = lambda value: repr(value).replace("'", '"')
    lines = sorted(set(lines), key=lambda line: (line.startswith("from"), line))
%>\
"""${message}

Revision ID: ${up_revision}
% if down_revision:
Revises: ${down_revision | comma,n}
% endif
Create Date: ${create_date}
"""

% if lines:
${"\n".join(lines)}

% endif
revision = ${quoted(up_revision)}
down_revision = ${quoted(down_revision)}
branch_labels = ${quoted(branch_labels)}
depends_on = ${quoted(depends_on)}


def upgrade() -> None:
    ${upgrades if upgrades else "pass"}


def downgrade() -> None:
    ${downgrades if downgrades else "pass"}
