"""The Python client of the service's REST interface: typed, synchronous and asynchronous.

The command line is made of it. `docs/scripting.md` scripts a whole project with it.
"""

from tomosift.client.async_client import AsyncTomosift
from tomosift.client.calls import ServerEvent
from tomosift.client.problems import ApiProblem, NoService
from tomosift.client.service_address import ServiceAddress, find_service
from tomosift.client.sync_client import Tomosift

__all__ = ["ApiProblem", "AsyncTomosift", "NoService", "ServerEvent", "ServiceAddress", "Tomosift", "find_service"]
