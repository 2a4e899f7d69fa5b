// The official TypeScript client 2.x, driven by lines on standard input as sdk.mjs is.
import { Client, StreamableHTTPClientTransport } from "@modelcontextprotocol/client";

import { drive } from "./drive.mjs";

await drive(Client, StreamableHTTPClientTransport);
