// Documents one file with the official SDK and its own retries: npx tsx pipeline.mts FILE

import { readFile } from 'node:fs/promises'
import { basename } from 'node:path'
import Anthropic from '@anthropic-ai/sdk'

async function main(): Promise<void> {
  const file = process.argv[2]
  if (file === undefined) throw new Error('usage: pipeline.mts FILE')
  const code: string = await readFile(file, 'utf8')
  const client = new Anthropic()
  const answer = await client.messages.create({
    model: 'claude-sonnet-4-6',
    max_tokens: 4096,
    messages: [
      {
        role: 'user',
        content: `Document ${basename(file)} in Markdown.\n\n\`\`\`python\n${code}\n\`\`\`\n`,
      },
    ],
  })
  for (const block of answer.content) {
    if (block.type === 'text') console.log(block.text)
  }
}

await main()
