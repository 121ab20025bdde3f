"""`tomosift up`: the embedded services, the API and the workers, started in order and watched."""

from tomosift.supervisor.up_command import up

__all__ = ["up"]
