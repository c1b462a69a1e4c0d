import { readFileSync } from 'node:fs';
import { createConfig, lintFromString } from '@redocly/openapi-core';
import { expect, test } from 'vitest';
import { openapiFile } from './openapi-document.ts';

test('openapi.json equals its sources (npm run schemas writes it)', () => {
  expect(readFileSync(new URL('../../schemas/openapi.json', import.meta.url), 'utf8')).toBe(openapiFile());
});

test('the linter finds no fault in structure, references and examples', async () => {
  const config = await createConfig({
    extends: ['recommended'],
    rules: {
      'no-invalid-media-type-examples': 'error',
      'no-invalid-parameter-examples': 'error',
      // A public call without input has no refusals.
      'operation-4xx-response': 'off',
    },
  });
  const problems = await lintFromString({ source: openapiFile(), config });
  expect(problems.map(({ ruleId, message, location }) => [ruleId, message, location[0]?.pointer])).toEqual(
    [],
  );
});
