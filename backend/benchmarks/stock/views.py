"""A plain view of Django REST framework."""

from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from benchmarks.stock import sending


class SendRequest(serializers.Serializer[None]):
    """The body of a request."""

    user_id = serializers.IntegerField()
    payload = serializers.JSONField()


class SendView(APIView):
    """Saves and sends one notification."""

    def post(self, request: Request) -> Response:
        """Check, save, send, answer."""
        body = SendRequest(data=request.data)
        body.is_valid(raise_exception=True)
        row = sending.send(**body.validated_data)
        return Response({"id": row.pk, "created_at": row.created_at})
