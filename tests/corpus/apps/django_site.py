"""A Django project in one file."""

import sys
import time

from django.conf import settings
from django.core.management import execute_from_command_line
from django.http import HttpResponse
from django.urls import path
from django.views.decorators.csrf import csrf_exempt

settings.configure(
    DEBUG=True, SECRET_KEY="not one", ROOT_URLCONF=__name__, ALLOWED_HOSTS=["*"], MIDDLEWARE=[]
)


@csrf_exempt
def statistics(request):
    time.sleep(0.5)
    return HttpResponse("<h1>Statistics</h1>")


urlpatterns = [path("admin/statistics/", statistics)]

if __name__ == "__main__":
    execute_from_command_line(sys.argv)
