"""`tomosift up`: the embedded services, the API and the workers, started in order and watched."""
