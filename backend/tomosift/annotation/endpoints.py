"""HTTP face of the annotation room."""

from fastapi import APIRouter

router = APIRouter()
