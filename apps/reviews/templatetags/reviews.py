from django import template

from apps.reviews.links import place_of

register = template.Library()
register.filter("place", place_of)
