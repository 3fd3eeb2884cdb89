"""Addresses without a workspace in them: what a guest may open."""

from django.urls import URLPattern

app_name = "public"
urlpatterns: list[URLPattern] = []
