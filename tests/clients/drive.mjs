// Drives either TypeScript client: their names differ, and what they do does not.
import { createInterface } from "node:readline";

function say(answer) {
  process.stdout.write(JSON.stringify(answer) + "\n");
}

async function carryOut(client, step) {
  try {
    if (step.do === "list") {
      // A tool list with schemas that the client cannot compile would fail here.
      const { tools } = await client.listTools();
      say({ tools: tools.map((tool) => tool.name) });
    } else {
      const result = await client.callTool({ name: step.tool, arguments: step.arguments });
      say({
        is_error: result.isError === true,
        facts: result.structuredContent ?? null,
        text: result.content[0].text,
      });
    }
  } catch (error) {
    say({ code: error.code, message: error.message });
  }
}

export async function drive(Client, Transport) {
  const headers = { Authorization: `Bearer ${process.env.NOTTARIO_TOKEN}` };
  const transport = new Transport(new URL(process.env.NOTTARIO_URL), { requestInit: { headers } });
  // Only the newer client knows of modes; "auto" asks for the newest revision.
  const options = process.env.NOTTARIO_MODE
    ? { versionNegotiation: { mode: process.env.NOTTARIO_MODE } }
    : {};
  const client = new Client({ name: "nottario-tests", version: "1.0.0" }, options);
  await client.connect(transport);
  say({ protocol: transport.protocolVersion, server: client.getServerVersion().name });
  for await (const line of createInterface({ input: process.stdin })) {
    await carryOut(client, JSON.parse(line));
  }
  await client.close();
}
