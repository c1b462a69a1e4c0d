import { EXAMPLE_IDS } from '@claimcheck/contracts/openapi/examples';
import { Ajv2020 } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { z } from 'zod';
import { type AccessWorld, authorizeDirect, createAccessWorld } from './harness/access-world.ts';
import { routesOf } from './harness/routes-of.ts';
import { startTestApi, type TestApi } from './harness/test-api.ts';

const content = z.record(z.string(), z.object({ schema: z.unknown(), example: z.unknown().optional() }));
const operationSchema = z.object({
  operationId: z.string(),
  security: z.array(z.record(z.string(), z.unknown())),
  parameters: z
    .array(z.object({ in: z.string(), name: z.string(), example: z.string().optional() }))
    .default([]),
  requestBody: z.object({ content }).optional(),
  responses: z.record(z.string(), z.object({ content: content.optional() })),
});
const documentSchema = z.looseObject({ paths: z.record(z.string(), z.record(z.string(), operationSchema)) });
type Operation = z.infer<typeof operationSchema>;

let api: TestApi;
let document: z.infer<typeof documentSchema>;
const ajv = new Ajv2020({ strict: false, allErrors: true });
addFormats.default(ajv);
beforeAll(async () => {
  // Its base URL is its real address, so that URLs in answers are those of the document.
  api = await startTestApi(inject('stack'), { CONVERSATION_ADMIN: 'creator' });
  document = documentSchema.parse(await (await fetch(`${api.url}/openapi.json`)).json());
  ajv.addSchema(document, 'openapi');
});
afterAll(() => api?.close());

const pointerOf = (...parts: string[]): string =>
  parts.map((part) => `/${encodeURIComponent(part.replaceAll('~', '~0').replaceAll('/', '~1'))}`).join('');

/** Creates a direct upload with its bytes. */
interface Extras {
  put: string;
}

const createExtras = async (): Promise<Extras> => {
  const { media, upload } = await authorizeDirect(api, 'put', 5);
  const sent = await fetch(upload.url, { method: 'PUT', headers: upload.headers, body: 'hello' });
  expect(sent.status, await sent.text()).toBe(200);
  return { put: media.media_object_id };
};

/** Replaces the example's ids by real ones. */
const realise = (text: string, world: AccessWorld & Extras): string =>
  text
    .replaceAll(EXAMPLE_IDS.multipart_upload, world.multipart)
    .replaceAll(EXAMPLE_IDS.put_upload, world.put)
    .replaceAll(EXAMPLE_IDS.hls_media, world.film)
    .replaceAll(EXAMPLE_IDS.media, world.media)
    .replaceAll(EXAMPLE_IDS.unsent_media, world.unsent)
    .replaceAll(EXAMPLE_IDS.upload, world.upload)
    .replaceAll(EXAMPLE_IDS.message, world.message)
    .replaceAll(EXAMPLE_IDS.conversation, world.conversation);

const tokenFor = ({ security }: Operation, world: AccessWorld): string | undefined => {
  if (security.length === 0) return undefined;
  return world.credentials[security.some((way) => 'backend' in way) ? 'backend' : 'owner'].token;
};

const send = async (method: string, path: string, operation: Operation, world: AccessWorld & Extras) => {
  const url = new URL(
    api.url +
      path.replace(
        /\{(\w+)\}/g,
        (_, name) => operation.parameters.find((p) => p.name === name)?.example ?? '',
      ),
  );
  const headers = new Headers();
  for (const { in: place, name, example } of operation.parameters) {
    if (example !== undefined && place === 'query') url.searchParams.set(name, example);
    if (example !== undefined && place === 'header') headers.set(name, example);
  }
  const token = tokenFor(operation, world);
  if (token !== undefined) headers.set('authorization', `Bearer ${token}`);
  const [type, body] = Object.entries(operation.requestBody?.content ?? {})[0] ?? [];
  if (type !== undefined) headers.set('content-type', type);
  const example = typeof body?.example === 'string' ? body.example : JSON.stringify(body?.example);
  return fetch(realise(url.href, world), {
    method,
    headers,
    redirect: 'manual',
    ...(body === undefined ? {} : { body: realise(example, world) }),
  });
};

test('the api answers every example as the document says', async () => {
  const extras = await createExtras();
  const shared = await createAccessWorld(api);
  for (const [path, operations] of Object.entries(document.paths))
    for (const [method, operation] of Object.entries(operations)) {
      const isReading = method === 'get' || method === 'head' || method === 'post';
      const world = { ...(isReading ? shared : await createAccessWorld(api)), ...extras };
      const response = await send(method.toUpperCase(), path, operation, world);
      const text = await response.text();
      // If both are documented, 201 is expected before 200, although keys are sorted.
      const expected = Object.keys(operation.responses).filter((status) => status < '400');
      expect(expected, `${method} ${path}: ${response.status} ${text}`).toContain(String(response.status));
      const type = response.headers.get('content-type')?.split(';')[0] ?? '';
      if (type !== 'application/json') continue;
      const answer = `openapi#${pointerOf('paths', path, method, 'responses', String(response.status), 'content', type, 'schema')}`;
      const validate = ajv.getSchema(answer);
      expect(validate, `${answer} is documented`).toBeDefined();
      expect(validate?.(JSON.parse(text)), `${method} ${path}: ${ajv.errorsText(validate?.errors)}`).toBe(
        true,
      );
    }
});

test('a refusal is a problem document', async () => {
  const response = await fetch(`${api.url}/v1/media/x`);
  expect(response.headers.get('content-type')).toContain('application/problem+json');
  const validate = ajv.getSchema('openapi#/components/schemas/Problem');
  expect(validate?.(await response.json())).toBe(true);
});

test('the document has every route', () => {
  const documented = Object.entries(document.paths).flatMap(([path, operations]) =>
    Object.keys(operations).map((method) => `${method.toUpperCase()} ${path.replace(/\{(\w+)\}/g, ':$1')}`),
  );
  // Answers to preflights, and to unknown methods.
  const general = /^(OPTIONS|ALL) .*\*path\}?$/;
  const missing = routesOf(api.app).filter((route) => !general.test(route) && !documented.includes(route));
  expect(missing).toEqual([]);
});
