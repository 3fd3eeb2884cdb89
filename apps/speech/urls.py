from django.urls import path

from apps.speech import views

app_name = "speech"
urlpatterns = [
    path("", views.index, name="index"),
    path("price", views.price, name="price"),
    path("takes", views.takes, name="takes"),
    path("takes/<uuid:pk>/", views.take, name="take"),
    path("takes/<uuid:pk>/stop", views.stop, name="stop"),
    path("dictionary", views.dictionary, name="dictionary"),
    path("dictionary/<int:pk>", views.dictionary_entry, name="dictionary_entry"),
    path("voices", views.voices, name="voices"),
    path("voices/browse", views.browse, name="browse"),
    path("voices/sample", views.voice_sample, name="voice_sample"),
]
