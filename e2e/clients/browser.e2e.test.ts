import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser } from 'playwright-core';
import { afterAll, afterEach, beforeAll, expect, inject, test } from 'vitest';
import { ChatUser } from '../harness/chat-user.ts';
import { launchChromium } from '../harness/chromium.ts';
import { expectWhole } from '../harness/expect-whole.ts';
import { type FaultySystem, printLogOfFailure, startFaultySystem } from '../harness/faulty-system.ts';
import { seeded } from '../harness/seeded.ts';
import { bundlePage, PAGES } from './browser/bundle-page.ts';
import type { PageTask } from './browser/page-upload.ts';
import { UploadPage } from './browser/upload-page.ts';
import { FILE_BYTES, slow } from './interrupted-upload.ts';

let world: FaultySystem;
let browser: Browser;
let ann: ChatUser;
let folder: string;
let listed: BlankSite;
let unlisted: BlankSite;
const scripts = { tus: '', uppy: '' };

interface BlankSite {
  origin: string;
  close(): void;
}

/** A separate origin, with blank pages. */
const serveBlank = async (): Promise<BlankSite> => {
  const server = http.createServer((_, response) => {
    response.setHeader('content-type', 'text/html');
    response.end('<!doctype html><title>another site</title>');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return { origin: `http://127.0.0.1:${port}`, close: () => server.close() };
};

beforeAll(async () => {
  listed = await serveBlank();
  unlisted = await serveBlank();
  world = await startFaultySystem(inject('stack'), { CORS_ORIGINS: listed.origin });
  ann = new ChatUser(world.system, 'ann');
  folder = await mkdtemp(join(tmpdir(), 'claimcheck-browser-'));
  scripts.tus = await bundlePage(PAGES.tusJs);
  scripts.uppy = await bundlePage(PAGES.uppy);
  browser = await launchChromium();
});

afterAll(async () => {
  await browser?.close();
  listed?.close();
  unlisted?.close();
  await world?.stop();
  if (folder !== undefined) await rm(folder, { recursive: true, force: true });
});

const task = (options: Partial<PageTask> = {}): PageTask => ({
  endpoint: `${world.clientLink.url}/v1/uploads`,
  token: ann.token,
  ...options,
});

const sameOrigin = () => `${world.clientLink.url}/config.json`;

/** Uploads from a page that is left midway and opened again. */
const uploadOverAReload = async (
  name: string,
  script: string,
  url: string,
  options: Partial<PageTask> = {},
): Promise<void> => {
  const random = seeded(name);
  const bytes = random.bytes(FILE_BYTES);
  const file = join(folder, `${random.seed}.bin`);
  await writeFile(file, bytes);
  const leaveAt = random.int(FILE_BYTES / 4, (FILE_BYTES * 3) / 4);
  const page = await UploadPage.open(browser, url, script);
  try {
    await world.clientLink.add('slow', slow(options.parallelUploads));
    await page.start(file, task(options));
    await page.leaveAt(leaveAt);
    await world.heal();
    await page.start(file, task(options));
    const report = await page.outcome();
    expect(report.error).toBeUndefined();
    console.log(`${name}: left at ${leaveAt}, resumed at ${report.resumedAt} of ${bytes.length}`);
    expect(report.resumedAt, 'the second page resumed where the first was').toBeGreaterThan(0);
    await expectWhole(ann, report.url?.split('/').at(-1) ?? '', bytes);
  } finally {
    await world.heal();
    await page.close();
  }
};

afterEach(({ task: done }) => printLogOfFailure(done, world));

test('tus-js-client in Chromium: the page is left and opened again', () =>
  uploadOverAReload('tus-js-client in Chromium', scripts.tus, sameOrigin()));

test('tus-js-client in Chromium, four parallel uploads: the page is left and opened again', () =>
  uploadOverAReload('four parallel uploads', scripts.tus, sameOrigin(), { parallelUploads: 4 }));

test('Uppy in Chromium: the page is left and opened again', () =>
  uploadOverAReload('Uppy', scripts.uppy, sameOrigin()));

test('a page of a listed origin uploads and resumes', () =>
  uploadOverAReload('another origin', scripts.tus, `${listed.origin}/`));

test('a page of an origin that is not listed cannot upload', async () => {
  const file = join(folder, 'refused.bin');
  await writeFile(file, 'not for you');
  const page = await UploadPage.open(browser, `${unlisted.origin}/`, scripts.tus);
  try {
    await page.start(file, task());
    const report = await page.outcome();
    expect(report.url).toBeUndefined();
    // The browser sends a preflight first, and shows the page no answer.
    expect(report.error).toMatch(/failed to create upload.*response code: n\/a/s);
  } finally {
    await page.close();
  }
});
