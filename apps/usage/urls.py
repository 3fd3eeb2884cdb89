from django.urls import path

from apps.usage import price_views, views

app_name = "usage"
urlpatterns = [
    path("", views.index, name="index"),
    path("budgets/add", views.add_budget, name="add_budget"),
    path("budgets/<int:pk>/remove", views.remove_budget, name="remove_budget"),
    path("budgets/<int:pk>/lift", views.lift_budget, name="lift_budget"),
    path("prices/", price_views.index, name="prices"),
    path("prices/change", price_views.change, name="change_price"),
    path("prices/currency", price_views.set_currency, name="set_currency"),
    path("drift/", views.drift, name="drift"),
    path("drift/invoice", views.enter_invoice, name="enter_invoice"),
    path("export.csv", views.export, name="export"),
]
