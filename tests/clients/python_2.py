"""The official Python client 2.x, driven by lines on standard input as python_1.py is.

NOTTARIO_MODE is the client's mode: "auto" asks for the newest revision, "legacy" initializes.
"""

import asyncio
import json
import os
import sys

import httpx2
from mcp import MCPError
from mcp.client import Client
from mcp.client.streamable_http import streamable_http_client


def say(**answer):
    print(json.dumps(answer), flush=True)


async def carry_out(client, step):
    try:
        if step["do"] == "list":
            listed = await client.list_tools()
            say(tools=[tool.name for tool in listed.tools])
        else:
            result = await client.call_tool(step["tool"], step["arguments"])
            say(
                is_error=bool(result.is_error),
                facts=result.structured_content,
                text=result.content[0].text,
            )
    except MCPError as error:
        say(code=error.error.code, message=error.error.message)


async def main():
    headers = {"Authorization": "Bearer " + os.environ["NOTTARIO_TOKEN"]}
    async with httpx2.AsyncClient(headers=headers) as http:
        transport = streamable_http_client(os.environ["NOTTARIO_URL"], http_client=http)
        async with Client(transport, mode=os.environ["NOTTARIO_MODE"]) as client:
            say(protocol=client.protocol_version, server=client.server_info.name)
            while line := await asyncio.to_thread(sys.stdin.readline):
                await carry_out(client, json.loads(line))


asyncio.run(main())
