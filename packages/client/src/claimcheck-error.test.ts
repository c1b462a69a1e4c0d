import { toProblem } from '@claimcheck/contracts/errors';
import { expect, test } from 'vitest';
import { ClaimcheckError, errorOfAnswer, errorOfCode } from './claimcheck-error.ts';

test('a problem document becomes an error with all of its fields', () => {
  const problem = toProblem('rate_limited', {
    detail: 'Slow down.',
    retry_after_ms: 1_500,
    media_object_id: 'm1',
    field: 'body',
  });
  const error = errorOfAnswer(429, JSON.stringify(problem));
  expect(error).toBeInstanceOf(ClaimcheckError);
  expect(error).toMatchObject({
    code: 'rate_limited',
    status: 429,
    retryable: true,
    message: 'Slow down.',
    retryAfterMs: 1_500,
    mediaObjectId: 'm1',
    field: 'body',
  });
});

test('without a detail the message is the sentence of the table', () => {
  const error = errorOfAnswer(409, JSON.stringify(toProblem('media_not_uploaded')));
  expect(error).toMatchObject({ retryable: true, message: 'The media object is not uploaded yet.' });
});

test.each([
  [502, '<html>Bad gateway</html>', 'unavailable', true],
  [500, '', 'internal', true],
  [404, 'null', 'not_found', false],
  [418, '{"code":"teapot","retryable":false}', 'invalid_request', false],
  [403, '{"code":"toString"}', 'forbidden', false],
])('status %i with the body %s is %s', (status, body, code, retryable) => {
  expect(errorOfAnswer(status, body)).toMatchObject({ status, code, retryable });
});

test('a code alone brings the status and retryability of the table', () => {
  expect(errorOfCode('media_not_scanned')).toMatchObject({ status: 409, retryable: true });
  expect(errorOfCode('not_found')).toMatchObject({ status: 404, retryable: false });
});
