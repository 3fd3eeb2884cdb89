"""The same studio on PostgreSQL and Redis. Both are started here, where they are installed."""

from __future__ import annotations

import signal
from collections.abc import Iterator

import httpx
import psycopg
import pytest
import redis

from tests import services

pytestmark = [pytest.mark.services, pytest.mark.slow, pytest.mark.xdist_group("services")]


@pytest.fixture(scope="session")
def database_url() -> Iterator[str]:
    if services.find_postgres() is None:
        pytest.skip("PostgreSQL is not installed (apt-get install postgresql)")
    with services.postgres() as url:
        yield url


@pytest.fixture(scope="session")
def redis_url() -> Iterator[str]:
    if services.find_redis() is None:
        pytest.skip("Redis is not installed (apt-get install redis-server)")
    with services.redis_server() as url:
        yield url


def test_the_studio_runs_on_postgresql(up, tmp_path, database_url):
    studio = up(tmp_path, DATABASE_URL=database_url, STUDIO_SANDBOX="off")
    address = studio.is_ready()
    assert httpx.get(f"{address}readyz").json()["checks"]["database"] == "ok"
    assert not (tmp_path / "studio.sqlite3").exists()
    with psycopg.connect(database_url) as database:
        assert database.execute("SELECT count(*) FROM accounts_user").fetchone() == (0,)


def test_a_newer_postgresql_database_is_refused(up, tmp_path, database_url):
    first = up(tmp_path, DATABASE_URL=database_url, STUDIO_SANDBOX="off")
    first.is_ready()
    first.process.send_signal(signal.SIGTERM)
    first.ends()
    with psycopg.connect(database_url) as database:
        database.execute("INSERT INTO django_migrations (app, name, applied) VALUES ('speech', '9001_opera', now())")
    second = up(tmp_path, DATABASE_URL=database_url, STUDIO_SANDBOX="off")
    try:
        assert second.ends() == 1
        assert "made by a newer version" in second.lines[-1]
    finally:
        with psycopg.connect(database_url) as database:
            database.execute("DELETE FROM django_migrations WHERE name = '9001_opera'")


def test_a_database_that_does_not_answer_is_said_in_one_sentence(up, tmp_path):
    studio = up(tmp_path, DATABASE_URL=f"postgres://studio:hunter2@127.0.0.1:{services.free_port()}/studio")
    assert studio.ends() == 1
    assert studio.lines[-1].startswith("The database does not answer:")
    assert "hunter2" not in studio.output


def test_the_worker_takes_its_work_from_redis(up, data, redis_url):
    studio = up(data, REDIS_URL=redis_url, STUDIO_SANDBOX="off")
    address = studio.is_ready()
    assert httpx.get(f"{address}readyz").json()["checks"]["broker"] == "ok"
    assert {path.stem for path in (data / "run").glob("*.pid")} == {"web", "worker"}
    with redis.Redis.from_url(redis_url) as door:
        assert door.exists("_kombu.binding.io") == 1
