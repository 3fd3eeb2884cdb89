from django.urls import path, re_path
from django.views.decorators.csrf import csrf_exempt

from apps.gateway.api import api, nothing_here
from apps.gateway.endpoints import about, assets, jobs

for router in (about.router, jobs.router, assets.router):
    api.add_router("", router)

urlpatterns = [
    path("", api.urls),
    re_path("", csrf_exempt(nothing_here), name="api_nothing_here"),
]
