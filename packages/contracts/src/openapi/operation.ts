import type { z } from 'zod';
import type { ProblemCode } from '../errors.ts';

export interface Parameter {
  in: 'path' | 'query' | 'header';
  name: string;
  schema: z.ZodType;
  required?: boolean;
  description?: string;
  example?: unknown;
}

interface Answer {
  description: string;
  schema?: z.ZodType;
  example?: unknown;
  /** Description of each header, by its name. */
  headers?: Record<string, string>;
  /** The body is bytes, not JSON. */
  isBinary?: boolean;
}

/** One call of the REST interface. */
export interface Operation {
  method: 'get' | 'head' | 'post' | 'put' | 'patch' | 'delete' | 'options';
  path: string;
  id: string;
  tag: 'Uploads' | 'Media' | 'Downloads' | 'Conversations' | 'Messages' | 'Hosts' | 'Service';
  summary: string;
  /** `backend`: a user's token whose scope contains claimcheck:admin. */
  access: 'public' | 'user' | 'user or upload ticket' | 'user or media session' | 'backend';
  parameters?: readonly Parameter[];
  body?: { schema: z.ZodType; example: unknown } | { binary: string; example: string };
  /** Answers by status. The example gets the first one. */
  answers: Readonly<Record<number, Answer>>;
  /** Problems in addition to those of every call. */
  problems?: readonly ProblemCode[];
}
