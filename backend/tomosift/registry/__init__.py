"""The registry: trained models and what workers offer."""
