import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { runCommand } from '@claimcheck/local-stack/run-command';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { ChatUser } from '../harness/chat-user.ts';
import { smallPhoto } from '../harness/fixtures.ts';
import { type System, startSystem } from '../harness/system.ts';
import { javaLibraries } from './java/java-libraries.ts';
import { pythonEnvironment } from './python/python-environment.ts';

const GUIDE = new URL('../../docs/clients.md', import.meta.url);
const LIMIT_MS = 90_000;

let system: System;
let ann: ChatUser;
let folder: string;
let file: string;

/** The code block of the guide in one language, as printed. */
const printedCode = async (language: string): Promise<string> => {
  const code = new RegExp(`\`\`\`${language}\\n([\\s\\S]*?)\`\`\``).exec(await readFile(GUIDE, 'utf8'))?.[1];
  if (code === undefined) throw new Error(`docs/clients.md has no code in ${language}`);
  return code;
};

beforeAll(async () => {
  system = await startSystem(inject('stack'));
  ann = new ChatUser(system, 'ann');
  folder = await mkdtemp(join(tmpdir(), 'claimcheck-guide-'));
  file = join(folder, 'photo.jpg');
  await writeFile(file, await smallPhoto());
});
afterAll(async () => {
  await system?.stop();
  await rm(folder, { recursive: true, force: true });
});

const follow = async (command: string, args: string[]): Promise<string> => {
  const env = {
    PATH: process.env.PATH,
    HOME: process.env.HOME,
    API_URL: system.apiUrl,
    GATEWAY_URL: system.gatewayUrl,
    CONVERSATION_ID: await ann.startConversation('ben'),
    TOKEN: ann.token,
    FILE: file,
  };
  return runCommand(command, args, { env, signal: AbortSignal.timeout(LIMIT_MS) });
};

const expectFollowed = (out: string) => {
  expect(out).toMatch(/^subscribed .*ok/m);
  expect(out).toMatch(/^message photo\.jpg$/m);
  expect(out).toMatch(/^media ready$/m);
};

test('the Python program of the guide uploads, sends and follows', async () => {
  const requirements = new URL('./guide/requirements.txt', import.meta.url);
  const python = await pythonEnvironment(fileURLToPath(requirements));
  const program = join(folder, 'chat.py');
  await writeFile(program, await printedCode('python'));
  expectFollowed(await follow(python, [program]));
}, 600_000);

test('the Java program of the guide uploads, sends and follows', async () => {
  const { java, classPath } = await javaLibraries(new URL('./guide/pom.xml', import.meta.url));
  const program = join(folder, 'Chat.java');
  await writeFile(program, await printedCode('java'));
  expectFollowed(await follow(java, ['-cp', classPath, program]));
}, 600_000);
