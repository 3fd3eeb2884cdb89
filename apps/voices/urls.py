from django.urls import path

from apps.voices import views

app_name = "voices"
urlpatterns = [
    path("", views.index, name="index"),
    path("clone/", views.clone, name="clone"),
    path("clone/price", views.clone_price, name="clone_price"),
    path("clone/id", views.check_id, name="check_id"),
    path("sample", views.sample, name="sample"),
    path("sample/<uuid:pk>/mend", views.mend, name="mend"),
    path("design/", views.design, name="design"),
    path("design/price", views.design_price, name="design_price"),
    path("favourite", views.favourite, name="favourite"),
    path("policy", views.policy, name="policy"),
    path("<uuid:pk>/", views.voice, name="voice"),
    path("<uuid:pk>/card", views.card, name="card"),
    path("<uuid:pk>/keep", views.keep, name="keep"),
    path("<uuid:pk>/again", views.again, name="again"),
    path("<uuid:pk>/rename", views.rename, name="rename"),
    path("<uuid:pk>/delete", views.delete, name="delete"),
    path("<uuid:pk>/withdraw", views.withdraw, name="withdraw"),
]
