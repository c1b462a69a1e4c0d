import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';

const MEDIA = path.join(import.meta.dirname, '..');
const HTTP =
  /\b(Upload|Idempotency|Tus|Quota|Content)-[A-Z][A-Za-z]+|\bexpress\b|\bHTTP\b|\bstatus\(\d|\bstatus: \d/;

test('the domain contains no header, status or other term of HTTP', () => {
  const files = readdirSync(MEDIA, { recursive: true, encoding: 'utf8' }).filter(
    (file) => file.endsWith('.ts') && !file.endsWith('.test.ts'),
  );
  const named = files.flatMap((file) => {
    const [word] = HTTP.exec(readFileSync(path.join(MEDIA, file), 'utf8')) ?? [];
    return word === undefined ? [] : [`${file}: ${word}`];
  });
  expect(files.length).toBeGreaterThan(40);
  expect(named).toEqual([]);
});

test.each(["field: 'Upload-Concat'", '/** `Idempotency-Key` */', 'response.status(201)', 'status: 200'])(
  'the scan finds: %s',
  (source) => {
    expect(HTTP.test(source)).toBe(true);
  },
);
