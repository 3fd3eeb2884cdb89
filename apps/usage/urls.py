from django.urls import path

from apps.usage import views

app_name = "usage"
urlpatterns = [
    path("", views.index, name="index"),
    path("budgets/add", views.add_budget, name="add_budget"),
    path("budgets/<int:pk>/remove", views.remove_budget, name="remove_budget"),
    path("budgets/<int:pk>/lift", views.lift_budget, name="lift_budget"),
    path("export.csv", views.export, name="export"),
]
