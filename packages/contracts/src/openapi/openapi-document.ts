import { z } from 'zod';
import { PROBLEMS, type ProblemCode } from '../errors.ts';
import { mediaSchema } from '../media.ts';
import { messageSchema } from '../messages.ts';
import { conversationSchema, problemSchema } from './answer-schemas.ts';
import { CONVERSATION_OPERATIONS } from './conversation-operations.ts';
import { MEDIA_OPERATIONS } from './media-operations.ts';
import type { Operation } from './operation.ts';
import { SERVICE_OPERATIONS } from './service-operations.ts';
import { UPLOAD_OPERATIONS } from './upload-operations.ts';

const OPERATIONS: readonly Operation[] = [
  ...UPLOAD_OPERATIONS,
  ...MEDIA_OPERATIONS,
  ...CONVERSATION_OPERATIONS,
  ...SERVICE_OPERATIONS,
];

/** Schemas with a name; other schemas refer to them. */
const NAMED = {
  Media: mediaSchema,
  Message: messageSchema,
  Conversation: conversationSchema,
  Problem: problemSchema,
};

const nameOf = (schema: unknown): string | undefined =>
  Object.entries(NAMED).find(([, named]) => named === schema)?.[0];

const withoutMarks = ({ $schema: _, $id: __, ...schema }: Record<string, unknown>): object => schema;

const TAGS: Record<Operation['tag'], string> = {
  Uploads: 'Resumable uploads',
  Media: 'State, progress and result of each upload',
  Downloads: 'Stable URLs, authorised at each request',
  Conversations: 'Members and their access',
  Messages: 'References to media objects, never bytes',
  Hosts: "For the host application's backend",
  Service: 'About this service',
};

/** Replaces a named schema inside another one by a reference. */
const toJson = (schema: z.ZodType): object =>
  withoutMarks(
    z.toJSONSchema(schema, {
      io: 'input',
      override: ({ zodSchema, jsonSchema, path }) => {
        const name = path.length === 0 ? undefined : nameOf(zodSchema);
        if (name === undefined) return;
        for (const key of Object.keys(jsonSchema)) delete jsonSchema[key];
        jsonSchema.$ref = `#/components/schemas/${name}`;
      },
    }),
  );

const schemaOf = (schema: z.ZodType): object => {
  const name = nameOf(schema);
  return name === undefined ? toJson(schema) : { $ref: `#/components/schemas/${name}` };
};

const BINARY = { type: 'string', format: 'binary' };

const contentOf = ({ schema, example, isBinary }: Operation['answers'][number]): object => {
  if (isBinary === true) return { content: { '*/*': { schema: BINARY } } };
  if (schema === undefined) return {};
  return {
    content: {
      'application/json': { schema: schemaOf(schema), ...(example === undefined ? {} : { example }) },
    },
  };
};

const headersOf = (headers: Record<string, string>): object => ({
  headers: Object.fromEntries(
    Object.entries(headers).map(([name, description]) => [name, { description, schema: { type: 'string' } }]),
  ),
});

/** Problems with which any call may be refused. */
const commonProblems = ({ access, body, parameters = [] }: Operation): ProblemCode[] => [
  ...(access === 'public' ? [] : (['unauthorized', 'token_expired', 'rate_limited'] as const)),
  ...(body === undefined && parameters.length === 0 ? [] : (['invalid_request'] as const)),
  ...(body === undefined || 'binary' in body ? [] : (['invalid_json', 'too_large'] as const)),
];

const problemAnswers = (operation: Operation): [string, object][] => {
  const codes = [...new Set([...commonProblems(operation), ...(operation.problems ?? [])])];
  const statuses = [...new Set(codes.map((code) => PROBLEMS[code].status))];
  return statuses.map((status) => {
    const here = codes.filter((code) => PROBLEMS[code].status === status);
    const description = here.map((code) => `\`${code}\`: ${PROBLEMS[code].title}`).join(' · ');
    const content = { 'application/problem+json': { schema: schemaOf(problemSchema) } };
    return [String(status), { description, content }];
  });
};

const SECURITY: Record<Operation['access'], object[]> = {
  public: [],
  user: [{ bearer: [] }],
  'user or upload ticket': [{ bearer: [] }, { uploadTicket: [] }],
  'user or media session': [{ bearer: [] }, { mediaSession: [] }],
  backend: [{ backend: [] }],
};

const bodyOf = (body: NonNullable<Operation['body']>): object => ({
  required: true,
  content:
    'binary' in body
      ? { [body.binary]: { schema: BINARY, example: body.example } }
      : { 'application/json': { schema: schemaOf(body.schema), example: body.example } },
});

const toOperation = (operation: Operation): object => ({
  operationId: operation.id,
  tags: [operation.tag],
  summary: operation.summary,
  security: SECURITY[operation.access],
  ...(operation.parameters === undefined
    ? {}
    : {
        parameters: operation.parameters.map(({ schema, ...parameter }) => ({
          ...parameter,
          schema: schemaOf(schema),
        })),
      }),
  ...(operation.body === undefined ? {} : { requestBody: bodyOf(operation.body) }),
  responses: Object.fromEntries([
    ...Object.entries(operation.answers).map(([status, answer]) => [
      status,
      {
        description: answer.description,
        ...(answer.headers === undefined ? {} : headersOf(answer.headers)),
        ...contentOf(answer),
      },
    ]),
    ...problemAnswers(operation),
  ]),
});

const pathsOf = (operations: readonly Operation[]): Record<string, object> => {
  const paths: Record<string, Record<string, object>> = {};
  for (const operation of operations)
    paths[operation.path] = { ...paths[operation.path], [operation.method]: toOperation(operation) };
  return paths;
};

const bearer = (description: string) => ({
  type: 'http',
  scheme: 'bearer',
  bearerFormat: 'JWT',
  description,
});

/** Returns the REST interface as an OpenAPI 3.1 document, built from the schemas that validate it. */
export const openapiDocument = (serverUrl: string): object => ({
  openapi: '3.1.1',
  info: {
    title: 'Claimcheck',
    version: '1',
    summary: 'A self-hosted media service for chat',
    license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
  },
  servers: [{ url: serverUrl }],
  tags: Object.entries(TAGS).map(([name, description]) => ({ name, description })),
  paths: pathsOf(OPERATIONS),
  components: {
    schemas: Object.fromEntries(Object.entries(NAMED).map(([name, schema]) => [name, toJson(schema)])),
    securitySchemes: {
      bearer: bearer("The host application's token for a user"),
      backend: bearer('The same token with claimcheck:admin in its scope'),
      uploadTicket: bearer('From POST /v1/media: one upload, and nothing else'),
      mediaSession: { type: 'apiKey', in: 'query', name: 't', description: 'From POST /v1/media/session' },
    },
  },
});

/** Returns the text of `openapi.json`. */
export const openapiFile = (): string =>
  `${JSON.stringify(openapiDocument('https://media.example'), null, 2)}\n`;
