"""JupyterHub on loopback: tools/loopback_hub.py starts it, with HUB_SETTINGS."""

import json
import os

from jupyterhub.spawner import SimpleLocalProcessSpawner

settings = json.loads(os.environ["HUB_SETTINGS"])


class Pod(SimpleLocalProcessSpawner):
    """A server that sees the files that a pod of assignments/hub/values.yaml would see."""

    async def start(self):
        """Start it inside the student's view of the files."""
        self.cmd = [*settings["pods"][self.user.name], settings["server"]]
        return await super().start()

    def user_env(self, env):
        """What the server knows: its hub, and where it is at home."""
        return {**env, "USER": "jovyan", "HOME": "/srv/home", "SHELL": "/bin/sh"}


c = get_config()  # noqa: F821 - traitlets gives it
c.JupyterHub.bind_url = settings["url"]
c.JupyterHub.hub_bind_url = settings["hub"]
c.JupyterHub.db_url = "sqlite:///" + settings["folder"] + "/jupyterhub.sqlite"
c.JupyterHub.cookie_secret_file = settings["folder"] + "/cookie_secret"
c.JupyterHub.authenticator_class = "dummy"
c.DummyAuthenticator.password = settings["password"]
c.Authenticator.allowed_users = set(settings["pods"])
c.JupyterHub.spawner_class = Pod
c.Spawner.default_url = "/lab"
c.Spawner.start_timeout = c.Spawner.http_timeout = 120
c.ConfigurableHTTPProxy.command = [settings["proxy"]]
c.ConfigurableHTTPProxy.api_url = settings["proxy_api"]
c.ConfigurableHTTPProxy.auth_token = settings["token"]
c.ConfigurableHTTPProxy.pid_file = settings["folder"] + "/proxy.pid"
