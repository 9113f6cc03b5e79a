"""The one body parser of the API."""

from collections.abc import Mapping
from typing import IO, Any

from rest_framework.exceptions import ParseError
from rest_framework.parsers import BaseParser

from apps.common import strict_json


class StrictJSONParser(BaseParser):
    """Parse `application/json` by the rules of `strict_json`.

    The parsed body must be an object; its text is kept on the request as
    `raw_body`, for those who must pass a part of it on unchanged.
    """

    media_type = "application/json"

    def parse(
        self,
        stream: IO[Any],
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> dict[str, Any]:
        """Read the stream.

        Raises: ParseError with code `bad_json`.
        """
        data = stream.read()
        if not data.strip():
            return {}
        try:
            value = strict_json.parse(data)
        except strict_json.BadJSON as error:
            raise ParseError(str(error), code="bad_json") from error
        if not isinstance(value, dict):
            detail = "The body must be a JSON object."
            raise ParseError(detail, code="bad_json")
        if parser_context:
            parser_context["request"].raw_body = data
        return value
