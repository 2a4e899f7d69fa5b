"""The official Python client 1.x, driven by lines on standard input.

Each line is one step, {"do": "list"} or {"do": "call", "tool": …, "arguments": …}; each step is
answered by one line on standard output. The first line out says what was negotiated.
"""

import asyncio
import json
import os
import sys

from mcp import ClientSession
from mcp.client.streamable_http import streamablehttp_client
from mcp.shared.exceptions import McpError


def say(**answer):
    print(json.dumps(answer), flush=True)


async def carry_out(session, step):
    try:
        if step["do"] == "list":
            listed = await session.list_tools()
            say(tools=[tool.name for tool in listed.tools])
        else:
            result = await session.call_tool(step["tool"], step["arguments"])
            say(
                is_error=bool(result.isError),
                facts=result.structuredContent,
                text=result.content[0].text,
            )
    except McpError as error:
        say(code=error.error.code, message=error.error.message)


async def main():
    headers = {"Authorization": "Bearer " + os.environ["NOTTARIO_TOKEN"]}
    async with streamablehttp_client(os.environ["NOTTARIO_URL"], headers=headers) as (read, write, _):
        async with ClientSession(read, write) as session:
            ready = await session.initialize()
            say(protocol=ready.protocolVersion, server=ready.serverInfo.name)
            while line := await asyncio.to_thread(sys.stdin.readline):
                await carry_out(session, json.loads(line))


asyncio.run(main())
