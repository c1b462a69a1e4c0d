import type { z } from 'zod';
import { ProblemError } from '../problem-error.ts';

/** @throws ProblemError `invalid_request` (or `code`) naming the first offending field */
export const validate = <Output>(
  schema: z.ZodType<Output>,
  input: unknown,
  code: 'invalid_request' | 'invalid_metadata' = 'invalid_request',
): Output => {
  const result = schema.safeParse(input);
  if (result.success) return result.data;
  const issue = result.error.issues[0];
  if (issue?.code === 'unrecognized_keys')
    throw new ProblemError(code, { field: issue.keys[0] ?? '', detail: 'This field is not known.' });
  const field = issue?.path.join('.') ?? '';
  throw new ProblemError(code, {
    ...(field === '' ? {} : { field }),
    detail: `${field === '' ? 'The input' : field}: ${issue?.message ?? 'is not valid'}`,
  });
};

/** Parses one value, named as the client knows it. @throws ProblemError `invalid_request` */
export const validateField = <Output>(field: string, schema: z.ZodType<Output>, input: unknown): Output => {
  const result = schema.safeParse(input);
  if (result.success) return result.data;
  const message = result.error.issues[0]?.message ?? 'is not valid';
  throw new ProblemError('invalid_request', { field, detail: `${field}: ${message}` });
};
