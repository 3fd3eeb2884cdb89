from django.urls import include, path

from studio import health

urlpatterns = [
    path("healthz", health.alive, name="healthz"),
    path("readyz", health.ready, name="readyz"),
    path("account/", include("apps.accounts.urls")),
    path("account/", include("allauth.urls")),
    path("", include("apps.workspaces.setup_urls")),
    path("", include("apps.sharing.public_urls")),
    path("", include("apps.reviews.guest_urls")),
    path("hooks/", include("apps.jobs.hook_urls")),
    path("", include("apps.home.urls")),
    path("w/<slug:workspace>/speech/", include("apps.speech.urls")),
    path("w/<slug:workspace>/speech/long/", include("apps.books.urls")),
    path("w/<slug:workspace>/chat/", include("apps.chat.urls")),
    path("w/<slug:workspace>/voices/", include("apps.voices.urls")),
    path("w/<slug:workspace>/images/", include("apps.images.urls")),
    path("w/<slug:workspace>/music/", include("apps.music.urls")),
    path("w/<slug:workspace>/video/", include("apps.video.urls")),
    path("w/<slug:workspace>/agents/", include("apps.agents.urls")),
    path("w/<slug:workspace>/library/collections/", include("apps.collections.urls")),
    path("w/<slug:workspace>/library/", include("apps.provenance.urls")),
    path("w/<slug:workspace>/library/", include("apps.library.urls")),
    path("w/<slug:workspace>/files/", include("apps.files.urls")),
    path("w/<slug:workspace>/usage/", include("apps.usage.urls")),
    path("w/<slug:workspace>/jobs/", include("apps.jobs.urls")),
    path("w/<slug:workspace>/shares/", include("apps.sharing.urls")),
    path("w/<slug:workspace>/reviews/", include("apps.reviews.urls")),
    path("w/<slug:workspace>/notifications/", include("apps.notifications.urls")),
    path("w/<slug:workspace>/team/webhooks/", include("apps.webhooks.urls")),
    path("w/<slug:workspace>/team/", include("apps.workspaces.urls")),
]
