"""HTTP face of the cycles room."""

from fastapi import APIRouter

router = APIRouter()
