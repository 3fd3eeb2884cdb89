from pathlib import Path

import pytest

from studio.config import ConfigError, read_config, read_or_make_secret


def test_nothing_set_gives_a_studio_for_this_machine_alone():
    config = read_config({})
    assert (config.host, config.port, config.public_url) == ("127.0.0.1", 8000, "http://localhost:8000")
    assert config.sandbox
    assert not any((config.debug, config.signup_open, config.is_reachable, config.is_https))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("STUDIO_PORT", "eighty"),
        ("STUDIO_PORT", "65536"),
        ("STUDIO_PORT", "-1"),
        ("STUDIO_DEBUG", "perhaps"),
        ("STUDIO_URL", "studio.example"),
        ("STUDIO_TRUSTED_PROXIES", "two"),
        ("DATABASE_URL", "mysql://root:hunter2@db/studio"),
        ("REDIS_URL", "amqp://guest:hunter2@queue"),
        ("EMAIL_URL", "mail.example"),
    ],
)
def test_a_setting_that_cannot_be_is_named(name, value):
    with pytest.raises(ConfigError, match=name) as caught:
        read_config({name: value})
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize(
    ("env", "address"),
    [
        ({"STUDIO_URL": "https://studio.example/"}, "https://studio.example"),
        ({"STUDIO_HOST": "0.0.0.0", "STUDIO_PORT": "9000"}, "http://localhost:9000"),
        ({"STUDIO_HOST": "192.168.1.5"}, "http://192.168.1.5:8000"),
        ({"STUDIO_HOST": "fd00::5"}, "http://[fd00::5]:8000"),
    ],
)
def test_people_get_an_address_that_works_for_them(env, address):
    config = read_config(env)
    assert config.public_url == address
    assert config.is_reachable


@pytest.mark.parametrize(
    ("redis_url", "broker_url"),
    [
        ("", "memory://"),
        ("redis://localhost:6379/2", "redis://localhost:6379/2"),
        ("rediss://:pass@queue:6380/0", "rediss://:pass@queue:6380/0"),
        ("unix:///run/valkey.sock", "redis+socket:///run/valkey.sock"),
        ("unix:///run/valkey.sock?db=3", "redis+socket:///run/valkey.sock?virtual_host=3"),
        ("unix:///run/v.sock?db=3&password=p%40ss", "redis+socket://:p%40ss@/run/v.sock?virtual_host=3"),
        ("unix://:pass@/run/v.sock", "redis+socket://:pass@/run/v.sock"),
        ("unix:///a%20folder/v.sock", "redis+socket:///a%20folder/v.sock"),
    ],
)
def test_celery_gets_the_broker_as_it_spells_it(redis_url, broker_url):
    assert read_config({"REDIS_URL": redis_url}).broker_url == broker_url


def test_a_secret_is_made_once_and_for_us_alone(tmp_path: Path):
    path = tmp_path / "new" / "secret.key"
    secret = read_or_make_secret(path)
    assert len(secret) >= 50
    assert read_or_make_secret(path) == secret
    assert path.stat().st_mode & 0o777 == 0o600
    assert [entry.name for entry in path.parent.iterdir()] == ["secret.key"]
