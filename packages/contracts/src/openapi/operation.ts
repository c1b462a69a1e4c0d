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
  /** Name → what it says. */
  headers?: Record<string, string>;
  /** Not JSON: bytes. */
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
  /** Status → answer; the first one is what the example is answered with. */
  answers: Readonly<Record<number, Answer>>;
  /** Errors in addition to those that every call may have. */
  problems?: readonly ProblemCode[];
}
