"""An ordering service: coroutines that wait, one that blocks, a database pool of two connections."""

import asyncio
import threading
import time

from fastapi import FastAPI

app = FastAPI()
database = threading.BoundedSemaphore(2)


@app.get("/api/orders/{number}")
async def order(number: int):
    await asyncio.sleep(0.5)
    return {"number": number}


@app.post("/api/orders")
async def place_order():
    await asyncio.sleep(0.5)
    return {"placed": True}


@app.post("/api/orders/search")
async def search():
    return {"found": []}


@app.post("/api/quote")
async def quote():
    time.sleep(0.4)  # a library without async
    return {"price": 12}


@app.get("/api/forecast")
async def forecast():
    time.sleep(0.4)
    return {"days": 7}


@app.post("/api/stock")
def stock():
    with database:
        time.sleep(0.5)
    return {"left": 3}
