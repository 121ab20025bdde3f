"""A thin client of the service's REST interface: what the command line is made of, and scripts may use."""

from tomosift.client.rest import ApiProblem, Client, NoService, ServiceAddress, find_service

__all__ = ["ApiProblem", "Client", "NoService", "ServiceAddress", "find_service"]
