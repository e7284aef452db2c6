"""All backing services of this machine at once: started, provisioned, migrated, and told as settings."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass

from flov7.stack.embedded import postgres as pg
from flov7.stack.embedded import temporal as tp
from flov7.stack.embedded import valkey as vk
from flov7.stack.embedded.folder import Home
from flov7.stack.embedded.postgres import EmbeddedPostgres
from flov7.stack.embedded.temporal import EmbeddedTemporal
from flov7.stack.embedded.valkey import EmbeddedValkey
from flov7.store import provision

DATABASE = "flov7"


@dataclass(frozen=True)
class Ports:
    """The ports to ask for; 0 takes any free one. Where one is taken, the next free serves."""

    postgres: int = pg.STANDARD_PORT
    valkey: int = vk.STANDARD_PORT
    temporal: int = tp.STANDARD_PORT
    temporal_ui: int = tp.STANDARD_UI_PORT


class EmbeddedServers:
    """PostgreSQL, Valkey and Temporal in one folder, which this process holds until `stop`."""

    def __init__(
        self,
        home: Home,
        *,
        ports: Ports | None = None,
        headless: bool = False,
        stay: bool = False,
        search_attributes: Mapping[str, str] | None = None,
    ) -> None:
        wanted = ports or Ports()
        self.home = home
        self.postgres = EmbeddedPostgres(home, port=wanted.postgres, stay=stay)
        self.valkey = EmbeddedValkey(home, port=wanted.valkey, stay=stay)
        self.temporal = EmbeddedTemporal(
            home,
            port=wanted.temporal,
            ui_port=wanted.temporal_ui,
            headless=headless,
            stay=stay,
            search_attributes=search_attributes,
        )
        self._wanted = wanted

    async def start(self) -> dict[str, str]:
        """Start all, make roles and tables; returns the `environment`. `Conflict` where the folder is in use.

        Nothing is left running where one of them cannot start.
        """
        self.home.lock()
        try:
            self.postgres.start()
            self.valkey.start()
            self.temporal.start()
            roles = self._roles()
            admin = await provision.create_database(self.postgres.admin_url, name=DATABASE)
            await provision.provision(admin, roles=roles)
            await provision.migrate(roles.url(admin, provision.OWNER))
        except BaseException:
            self.stop()
            raise
        return self.environment()

    def stop(self) -> None:
        """Shut all down in order and let the folder go; may be called twice."""
        self.temporal.stop()
        self.valkey.stop()
        self.postgres.stop()
        self.home.unlock()

    def environment(self) -> dict[str, str]:
        """What gateway, worker and command line need to find them, as variables. It holds secrets: do not print."""
        roles = self._roles()
        admin = self.postgres.admin_url.rsplit("/", 1)[0] + f"/{DATABASE}"
        return {
            "FLOV7_HOME": str(self.home.path),
            "FLOV7_DATABASE_URL": roles.url(admin, provision.APP),
            "FLOV7_DATABASE_ENGINE_URL": roles.url(admin, provision.ENGINE),
            "FLOV7_DATABASE_OWNER_URL": roles.url(admin, provision.OWNER),
            "FLOV7_REDIS_URL": self.valkey.url,
            "FLOV7_TEMPORAL_ADDRESS": self.temporal.address,
            "FLOV7_MASTER_KEY": master_key(self.home),
        }

    def moved(self) -> list[str]:
        """A sentence for every server that did not get the port it asked for."""
        pairs = (
            ("PostgreSQL", self._wanted.postgres, self.postgres.port),
            ("Valkey", self._wanted.valkey, self.valkey.port),
            ("Temporal", self._wanted.temporal, self.temporal.port),
        )
        return [f"{name}: port {asked} is taken, so {got}." for name, asked, got in pairs if asked not in (0, got)]

    def _roles(self) -> provision.Roles:
        secret = self.home.secret
        return provision.Roles(owner=secret("flov7_owner"), app=secret("flov7_app"), engine=secret("flov7_engine"))


def master_key(home: Home) -> str:
    """The folder's own master key in base64, from a secret that is made once. Lost with the folder, as the data."""
    return base64.b64encode(hashlib.sha256(home.secret("master", size=32).encode()).digest()).decode()
