"""A site whose documents are quick and whose data are not: pages, an API, images, events, a chat."""

import asyncio
from pathlib import Path

from fastapi import FastAPI, Response, WebSocket
from fastapi.responses import StreamingResponse
from fastapi.staticfiles import StaticFiles

app = FastAPI()
PICTURE = '<svg xmlns="http://www.w3.org/2000/svg" width="8" height="8"><rect width="8" height="8"/></svg>'


@app.get("/api/widget/{number}")
async def widget(number: int):
    await asyncio.sleep(0.5)
    return {"widget": number}


@app.get("/api/state")
async def state():
    await asyncio.sleep(0.5)
    return {"online": 12}


@app.get("/api/hold")
async def hold():
    await asyncio.sleep(4)
    return Response("{}", media_type="application/json", headers={"Access-Control-Allow-Origin": "*"})


@app.get("/frame/{number}")
async def frame(number: int):
    await asyncio.sleep(0.5)
    return Response(f"<p>frame {number}", media_type="text/html")


@app.get("/img/{number}.svg")
async def picture(number: int):
    await asyncio.sleep(0.5)
    return Response(PICTURE, media_type="image/svg+xml")


@app.get("/events")
async def events():
    async def messages():
        while True:
            yield "data: tick\n\n"
            await asyncio.sleep(1)

    return StreamingResponse(messages(), media_type="text/event-stream")


@app.websocket("/chat")
async def chat(socket: WebSocket):
    await asyncio.sleep(0.4)  # who is it? the session is looked up first
    await socket.accept()
    await socket.receive_text()


@app.websocket("/ticker")
async def ticker(socket: WebSocket):
    await socket.accept()
    async for _ in socket.iter_text():
        pass


app.mount("/", StaticFiles(directory=Path(__file__).parent / "pages", html=True))
