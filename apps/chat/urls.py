from django.urls import path

from apps.chat import comparing_views, views

app_name = "chat"
urlpatterns = [
    path("", views.index, name="index"),
    path("list", views.conversations, name="list"),
    path("import", views.import_conversation, name="import"),
    path("folders", views.add_folder, name="folders"),
    path("folders/<int:pk>", views.folder, name="folder"),
    path("message/<uuid:pk>", views.turn, name="turn"),
    path("message/<uuid:pk>/source", views.source, name="source"),
    path("compare/", comparing_views.index, name="compare"),
    path("compare/price", comparing_views.price, name="compare_price"),
    path("compare/tally", comparing_views.tally, name="compare_tally"),
    path("compare/<uuid:pk>/", comparing_views.comparison, name="comparison"),
    path("compare/<uuid:pk>/board", comparing_views.board, name="compare_board"),
    path("compare/<uuid:pk>/vote", comparing_views.vote, name="compare_vote"),
    path("compare/<uuid:pk>/keep", comparing_views.keep, name="compare_keep"),
    path("<uuid:pk>/", views.conversation, name="conversation"),
    path("<uuid:pk>/thread", views.thread, name="thread"),
    path("<uuid:pk>/map", views.map_of_branches, name="map"),
    path("<uuid:pk>/branch", views.show_branch, name="branch"),
    path("<uuid:pk>/rename", views.rename, name="rename"),
    path("<uuid:pk>/pin", views.pin, name="pin"),
    path("<uuid:pk>/archive", views.archive, name="archive"),
    path("<uuid:pk>/move", views.move, name="move"),
    path("<uuid:pk>/open", views.set_open, name="open"),
    path("<uuid:pk>/copy", views.copy, name="copy"),
    path("<uuid:pk>/delete", views.delete, name="delete"),
    path("<uuid:pk>/restore", views.restore, name="restore"),
    path("<uuid:pk>/export.<str:format>", views.export, name="export"),
]
