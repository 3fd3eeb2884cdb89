from django.urls import path

from apps.voices import audition_views, views

app_name = "voices"
urlpatterns = [
    path("", views.index, name="index"),
    path("clone/", views.clone, name="clone"),
    path("clone/price", views.clone_price, name="clone_price"),
    path("clone/id", views.check_id, name="check_id"),
    path("sample", views.sample, name="sample"),
    path("sample/from", views.sample_from, name="sample_from"),
    path("sample/<uuid:pk>/mend", views.mend, name="mend"),
    path("design/", views.design, name="design"),
    path("design/price", views.design_price, name="design_price"),
    path("audition/", audition_views.audition, name="audition"),
    path("audition/price", audition_views.price, name="audition_price"),
    path("audition/<uuid:pk>/", audition_views.table, name="audition_table"),
    path("audition/<uuid:pk>/vote", audition_views.vote, name="audition_vote"),
    path("audition/<uuid:pk>/again", audition_views.again, name="audition_again"),
    path("audition/<uuid:pk>/choose", audition_views.choose, name="audition_choose"),
    path("as-usual", audition_views.as_usual, name="as_usual"),
    path("take-in", views.take_in, name="take_in"),
    path("mix", views.mix, name="mix"),
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
