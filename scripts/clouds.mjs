// The JavaScript clients of `scripts/clouds`: one case of one client, exit code 0 if its caller got
// an answer. Usage: clouds.mjs CLIENT plain|stream|tools URL MODULES MODEL

import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";

const [client, what, url, modules, model] = process.argv.slice(2);
const require = createRequire(pathToFileURL(`${modules}/here.js`));
const load = (name) => import(pathToFileURL(require.resolve(name)).href);
const credentials = { accessKeyId: "AKIATEST", secretAccessKey: "secret" };
const region = "us-east-1";
const weather = "The weather in Paris?";
const schema = { type: "object", properties: { city: { type: "string" } }, required: ["city"] };

async function awsSdk() {
  const aws = await load("@aws-sdk/client-bedrock-runtime");
  const { NodeHttpHandler } = await load("@smithy/node-http-handler");
  // It speaks HTTP/2 to Bedrock unless it is told otherwise, and the mock speaks HTTP/1.1.
  const requestHandler = new NodeHttpHandler();
  const settings = { region, endpoint: url, credentials, requestHandler };
  const api = new aws.BedrockRuntimeClient(settings);
  const asked = (text) => [{ role: "user", content: [{ text }] }];
  const ask = (messages, more) =>
    api.send(new aws.ConverseCommand({ modelId: model, messages, ...more }));
  return {
    plain: async () => (await ask(asked("hello"))).output.message.content[0].text,
    stream: async () => {
      const command = new aws.ConverseStreamCommand({ modelId: model, messages: asked("hello") });
      let [text, ended] = ["", false];
      for await (const event of (await api.send(command)).stream) {
        text += event.contentBlockDelta?.delta?.text ?? "";
        ended ||= Boolean(event.messageStop);
      }
      if (!ended) throw new Error("no end");
      return text;
    },
    tools: async () => {
      const spec = { name: "weather", description: "d", inputSchema: { json: schema } };
      const tools = [{ toolSpec: spec }];
      const toolConfig = { tools, toolChoice: { any: {} } };
      const first = (await ask(asked(weather), { toolConfig })).output.message;
      const { toolUseId } = first.content[0].toolUse;
      const result = { toolResult: { toolUseId, content: [{ text: "21" }] } };
      const messages = [...asked(weather), first, { role: "user", content: [result] }];
      return (await ask(messages, { toolConfig: { tools } })).output.message.content[0].text;
    },
  };
}

async function bedrockSdk() {
  const { AnthropicBedrock } = await load("@anthropic-ai/bedrock-sdk");
  const api = new AnthropicBedrock({
    baseURL: url,
    awsRegion: region,
    awsAccessKey: credentials.accessKeyId,
    awsSecretKey: credentials.secretAccessKey,
  });
  const question = { model, max_tokens: 300 };
  const asked = (content) => [{ role: "user", content }];
  const ask = (messages, more) => api.messages.create({ messages, ...question, ...more });
  return {
    plain: async () => (await ask(asked("hello"))).content[0].text,
    stream: async () => {
      const streaming = api.messages.stream({ messages: asked("hello"), ...question });
      return (await streaming.finalMessage()).content[0].text;
    },
    tools: async () => {
      const tools = [{ name: "weather", input_schema: schema }];
      const first = await ask(asked(weather), { tools, tool_choice: { type: "any" } });
      const result = { type: "tool_result", tool_use_id: first.content[0].id, content: "21" };
      const said = { role: "assistant", content: first.content };
      const messages = [...asked(weather), said, { role: "user", content: [result] }];
      return (await ask(messages, { tools })).content[0].text;
    },
  };
}

async function aiSdk() {
  const { createAmazonBedrock } = await load("@ai-sdk/amazon-bedrock");
  const { generateText, streamText, tool, jsonSchema, stepCountIs } = await load("ai");
  const named = createAmazonBedrock({ region, baseURL: url, ...credentials })(model);
  return {
    plain: async () => (await generateText({ model: named, prompt: "hello" })).text,
    stream: async () => {
      let failure;
      const onError = ({ error }) => (failure = error);
      const { textStream } = streamText({ model: named, prompt: "hello", onError });
      let text = "";
      for await (const piece of textStream) text += piece;
      if (failure) throw failure;
      return text;
    },
    tools: async () => {
      const execute = async () => ({ celsius: 21 });
      const tools = { weather: tool({ inputSchema: jsonSchema(schema), execute }) };
      const prompt = "Call weather for Paris.";
      const prepareStep = ({ stepNumber }) => ({ toolChoice: stepNumber ? "auto" : "required" });
      const stopWhen = stepCountIs(2);
      const asked = { model: named, prompt, tools, prepareStep, stopWhen };
      return (await generateText(asked)).text;
    },
  };
}

const make = { "aws-sdk-js": awsSdk, "bedrock-sdk-js": bedrockSdk, "ai-sdk": aiSdk }[client];
const text = await (await make())[what]();
if (!text) throw new Error("an empty answer");
