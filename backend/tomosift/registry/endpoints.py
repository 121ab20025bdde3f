"""HTTP face of the registry room."""

from fastapi import APIRouter

router = APIRouter()
