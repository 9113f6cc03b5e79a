"""How lists are cut into pages."""

from rest_framework.pagination import PageNumberPagination


class Pages(PageNumberPagination):
    """`?page=` and `?page_size=`, 25 a page unless asked, 100 at most."""

    page_size = 25
    page_size_query_param = "page_size"
    max_page_size = 100
