"""What several processes and a long history need: chores done once, days added up once."""

from __future__ import annotations

import sqlalchemy as sa

from bot.storage.schema.base import metadata

chore_runs = sa.Table(
    "chore_runs", metadata,
    sa.Column("name", sa.Text, primary_key=True),
    sa.Column("next_at", sa.Text, nullable=False),       # due from then on, for whichever worker
    sa.Column("lease_until", sa.Text),
    sa.Column("fence", sa.Integer, nullable=False),      # grows with each lease; an old holder loses
)

daily_figures = sa.Table(
    "daily_figures", metadata,
    sa.Column("start", sa.Text, primary_key=True),       # a local day of the desk, as stored times
    sa.Column("end", sa.Text, primary_key=True),
    sa.Column("dimension", sa.Text, primary_key=True),   # "" (all), topic, locale
    sa.Column("key", sa.Text, primary_key=True),
    sa.Column("figures", sa.JSON, nullable=False),
    sa.CheckConstraint("dimension IN ('','topic','locale')", name="dimension"),
)
