"""What addresses may ask for."""

from typing import Annotated

from fastapi import Path

LARGEST_NUMBER = 2**31 - 1
"""What every store can number."""

Number = Annotated[int, Path(ge=1, le=LARGEST_NUMBER)]
