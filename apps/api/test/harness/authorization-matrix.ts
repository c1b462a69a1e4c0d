import type { AccessWorld } from './access-world.ts';

interface Call {
  path: string;
  body?: object;
  /** Sent instead of JSON. */
  bytes?: string;
  headers?: Record<string, string>;
}

/** One route: how to call it, and the answer for each actor. */
export interface MatrixRow {
  call: (world: AccessWorld) => Call;
  /** In the order of ACTORS. */
  expected: readonly [
    owner: number,
    member: number,
    formerMember: number,
    stranger: number,
    expiredToken: number,
    uploadTicket: number,
    mediaSession: number,
    backend: number,
  ];
  /** Whether it changes something: then every actor gets a separate world. */
  changes?: true;
  /** The upload whose ticket is sent, if that is not the plain upload's. */
  ticketOf?: (world: AccessWorld) => string;
}

const TUS = { 'tus-resumable': '1.0.0' };
const everybody = (status: number): MatrixRow['expected'] => [
  status,
  status,
  status,
  status,
  status,
  status,
  status,
  status,
];
const anyUser = (status: number): MatrixRow['expected'] => [
  status,
  status,
  status,
  status,
  401,
  401,
  401,
  status,
];
const backendOnly = (status: number): MatrixRow['expected'] => [403, 403, 403, 403, 401, 401, 401, status];

/** Every route for every actor, some in several cases, named after ` · `. A route missing here fails the test. */
export const AUTHORIZATION_MATRIX: Readonly<Record<string, MatrixRow>> = {
  'GET /config.json': { call: () => ({ path: '/config.json' }), expected: everybody(200) },
  'GET /openapi.json': { call: () => ({ path: '/openapi.json' }), expected: everybody(200) },
  'OPTIONS /v1/*path': { call: () => ({ path: '/v1/media/x' }), expected: everybody(204) },

  'OPTIONS /v1/uploads/{*path}': { call: () => ({ path: '/v1/uploads/' }), expected: everybody(204) },
  'POST /v1/uploads': {
    call: () => ({
      path: '/v1/uploads',
      headers: {
        ...TUS,
        'upload-length': '5',
        'upload-metadata': `filename ${btoa('a.txt')},filetype ${btoa('text/plain')}`,
      },
    }),
    expected: anyUser(201),
  },
  'HEAD /v1/uploads/:id': {
    call: ({ upload }) => ({ path: `/v1/uploads/${upload}`, headers: TUS }),
    expected: [200, 404, 404, 404, 401, 200, 401, 404],
  },
  'PATCH /v1/uploads/:id': {
    call: ({ upload }) => ({
      path: `/v1/uploads/${upload}`,
      bytes: 'ab',
      headers: { ...TUS, 'upload-offset': '0', 'content-type': 'application/offset+octet-stream' },
    }),
    expected: [204, 404, 404, 404, 401, 204, 401, 404],
    changes: true,
  },
  'DELETE /v1/uploads/:id': {
    call: ({ upload }) => ({ path: `/v1/uploads/${upload}`, headers: TUS }),
    expected: [204, 404, 404, 404, 401, 204, 401, 404],
    changes: true,
  },
  'ALL /v1/uploads/{*path}': {
    call: ({ upload }) => ({ path: `/v1/uploads/${upload}`, headers: TUS }),
    expected: anyUser(405),
  },

  'POST /v1/media': {
    call: () => ({
      path: '/v1/media',
      body: {
        client_media_id: crypto.randomUUID(),
        filename: 'a.txt',
        size_bytes: 5,
        content_type: 'text/plain',
      },
    }),
    expected: anyUser(201),
  },
  'POST /v1/media/:id/upload-ticket': {
    call: ({ upload }) => ({ path: `/v1/media/${upload}/upload-ticket` }),
    expected: [200, 404, 404, 404, 401, 401, 401, 404],
  },
  'GET /v1/media/:id': {
    call: ({ media }) => ({ path: `/v1/media/${media}` }),
    expected: [200, 200, 404, 404, 401, 401, 401, 200],
  },
  'GET /v1/media/:id/:quality': {
    call: ({ media }) => ({ path: `/v1/media/${media}/medium` }),
    expected: [302, 302, 404, 404, 401, 401, 302, 302],
  },
  'POST /v1/media/:id/parts': {
    // The upload is a tus one, without parts from its client.
    call: ({ upload }) => ({ path: `/v1/media/${upload}/parts`, body: {} }),
    expected: [400, 404, 404, 404, 401, 400, 401, 404],
  },
  'POST /v1/media/:id/parts · of a multipart upload': {
    call: ({ multipart }) => ({ path: `/v1/media/${multipart}/parts`, body: {} }),
    ticketOf: ({ multipart }) => multipart,
    expected: [200, 404, 404, 404, 401, 200, 401, 404],
  },
  'POST /v1/media/:id/parts · with another upload’s ticket': {
    call: ({ multipart }) => ({ path: `/v1/media/${multipart}/parts`, body: {} }),
    expected: [200, 404, 404, 404, 401, 404, 401, 404],
  },
  'POST /v1/media/:id/complete': {
    call: ({ upload }) => ({ path: `/v1/media/${upload}/complete` }),
    expected: [409, 404, 404, 404, 401, 409, 401, 404],
  },
  'GET /v1/media/:id/hls/:epoch/:file': {
    // A picture, so that an actor with access learns that this quality does not exist yet.
    call: ({ media }) => ({ path: `/v1/media/${media}/hls/1/main.m3u8` }),
    expected: [409, 409, 404, 404, 401, 401, 409, 409],
  },
  'GET /v1/media/:id/hls/:epoch/:file · a playlist': {
    call: ({ film }) => ({ path: `/v1/media/${film}/hls/1/main.m3u8` }),
    expected: [200, 200, 404, 404, 401, 401, 200, 200],
  },
  'GET /v1/media/:id/hls/:epoch/:file · a segment': {
    call: ({ film }) => ({ path: `/v1/media/${film}/hls/1/v0-0.m4s` }),
    expected: [302, 302, 404, 404, 401, 401, 302, 302],
  },
  'DELETE /v1/media/:id': {
    call: ({ unsent }) => ({ path: `/v1/media/${unsent}` }),
    expected: [204, 404, 404, 404, 401, 401, 401, 204],
    changes: true,
  },
  'DELETE /v1/media/:id · of a message': {
    call: ({ media }) => ({ path: `/v1/media/${media}` }),
    expected: [409, 404, 404, 404, 401, 401, 401, 409],
  },
  'DELETE /v1/media/:id · of a message, by force': {
    call: ({ media }) => ({ path: `/v1/media/${media}?force=true&reason=abuse` }),
    expected: backendOnly(204),
    changes: true,
  },
  'POST /v1/media/urls': {
    call: ({ media }) => ({ path: '/v1/media/urls', body: { items: [{ id: media, quality: 'medium' }] } }),
    // Refusals are reported item by item: see serve-download and media-sessions.
    expected: anyUser(200),
  },
  'POST /v1/media/session': {
    call: ({ conversation }) => ({ path: '/v1/media/session', body: { conversation_id: conversation } }),
    expected: [200, 200, 404, 404, 401, 401, 401, 404],
  },
  'PUT /v1/media/:id/references/:kind/:ref_id': {
    call: ({ unsent, conversation }) => ({
      path: `/v1/media/${unsent}/references/post/1`,
      body: { conversation_id: conversation },
    }),
    expected: backendOnly(201),
    changes: true,
  },
  'DELETE /v1/media/:id/references/:kind/:ref_id': {
    call: ({ unsent }) => ({ path: `/v1/media/${unsent}/references/post/1` }),
    expected: backendOnly(204),
  },

  'POST /v1/conversations': {
    call: () => ({ path: '/v1/conversations', body: { member_ids: [] } }),
    expected: anyUser(201),
  },
  'GET /v1/conversations': { call: () => ({ path: '/v1/conversations' }), expected: anyUser(200) },
  'GET /v1/conversations/:id': {
    call: ({ conversation }) => ({ path: `/v1/conversations/${conversation}` }),
    expected: [200, 200, 404, 404, 401, 401, 401, 200],
  },
  'GET /v1/conversations · of another user': {
    call: () => ({ path: '/v1/conversations?user_id=zoe' }),
    expected: backendOnly(200),
  },
  'GET /v1/conversations/:id/media': {
    call: ({ conversation }) => ({ path: `/v1/conversations/${conversation}/media?kind=image` }),
    expected: [200, 200, 404, 404, 401, 401, 401, 200],
  },
  'GET /v1/users/:userId/media': {
    call: () => ({ path: '/v1/users/ann/media' }),
    expected: [200, 403, 403, 403, 401, 401, 401, 200],
  },
  'GET /v1/users/:userId/usage': {
    call: () => ({ path: '/v1/users/ann/usage' }),
    expected: [200, 403, 403, 403, 401, 401, 401, 200],
  },
  'PUT /v1/conversations/:id/members/:userId': {
    call: ({ conversation }) => ({ path: `/v1/conversations/${conversation}/members/gus` }),
    expected: [204, 403, 404, 404, 401, 401, 401, 204],
  },
  'DELETE /v1/conversations/:id/members/:userId': {
    call: ({ conversation }) => ({ path: `/v1/conversations/${conversation}/members/gus` }),
    expected: [204, 403, 404, 404, 401, 401, 401, 204],
  },
  'GET /v1/conversations/:id/events': {
    call: ({ conversation }) => ({ path: `/v1/conversations/${conversation}/events` }),
    expected: [200, 200, 404, 404, 401, 401, 401, 200],
  },
  'POST /v1/conversations/:id/messages': {
    call: ({ conversation }) => ({
      path: `/v1/conversations/${conversation}/messages`,
      body: { client_message_id: crypto.randomUUID(), message_type: 'text', body: 'hello' },
    }),
    expected: [201, 201, 404, 404, 401, 401, 401, 201],
  },
  'GET /v1/conversations/:id/messages': {
    call: ({ conversation }) => ({ path: `/v1/conversations/${conversation}/messages` }),
    expected: [200, 200, 404, 404, 401, 401, 401, 200],
  },
  'PATCH /v1/conversations/:id/messages/:messageId': {
    call: ({ conversation, message }) => ({
      path: `/v1/conversations/${conversation}/messages/${message}`,
      body: { body: 'edited' },
    }),
    expected: [200, 403, 404, 404, 401, 401, 401, 200],
  },
  'DELETE /v1/conversations/:id/messages/:messageId': {
    call: ({ conversation, message }) => ({ path: `/v1/conversations/${conversation}/messages/${message}` }),
    expected: [204, 403, 404, 404, 401, 401, 401, 204],
    changes: true,
  },
  'DELETE /v1/conversations/:id': {
    call: ({ conversation }) => ({ path: `/v1/conversations/${conversation}` }),
    expected: backendOnly(204),
    changes: true,
  },
  'DELETE /v1/users/:userId': {
    call: () => ({ path: '/v1/users/ann' }),
    expected: backendOnly(204),
    changes: true,
  },
  'POST /v1/client-reports': {
    call: () => ({ path: '/v1/client-reports', body: { kind: 'playback', reason: 'stalled' } }),
    expected: anyUser(204),
  },
};
