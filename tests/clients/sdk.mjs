// The official TypeScript SDK 1.x, driven by lines on standard input.
//
// Each line is one step, {"do": "list"} or {"do": "call", "tool": …, "arguments": …}; each step is
// answered by one line on standard output. The first line out says what was negotiated.
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";

import { drive } from "./drive.mjs";

await drive(Client, StreamableHTTPClientTransport);
