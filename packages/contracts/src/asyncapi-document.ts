import { z } from 'zod';
import { EVENT_SCHEMAS } from './broker-events.ts';
import { hostId } from './ids.ts';
import { LIMITS } from './limits.ts';
import { CLIENT_REQUEST_SCHEMAS, SERVER_EVENT_SCHEMAS } from './socket-event-schemas.ts';

// https://www.asyncapi.com/docs/reference/specification/v3.0.0

interface Described {
  /** Names the message in the document: letters, digits, dots, dashes. */
  key: string;
  name: string;
  schema: z.ZodType;
}

const SOCKET = 'gateway-socket';

const reference = (path: string) => ({ $ref: `#/${path}` });
/** JSON pointers escape a slash; our keys have none, and a colon is not allowed in a component's key. */
const keyOf = (name: string) => name.replaceAll(':', '-');

const messageOf = ({ name, schema }: Described) => ({
  name,
  contentType: 'application/json',
  ...(schema.description === undefined ? {} : { summary: schema.description }),
  payload: {
    schemaFormat: 'application/schema+json;version=draft-07',
    schema: z.toJSONSchema(schema, { io: 'input', target: 'draft-7' }),
  },
});

const messageReferences = (messages: readonly Described[]) =>
  Object.fromEntries(messages.map(({ key }) => [key, reference(`components/messages/${key}`)]));

const onChannel = (channel: string, key: string) => reference(`channels/${channel}/messages/${key}`);

const serverEvents: Described[] = Object.entries(SERVER_EVENT_SCHEMAS).map(([name, schema]) => ({
  key: `socket.${keyOf(name)}`,
  name,
  schema,
}));

const requests = Object.entries(CLIENT_REQUEST_SCHEMAS).map(([name, { request, answer }]) => ({
  name,
  request: { key: `socket.${keyOf(name)}`, name, schema: request },
  answer: { key: `socket.${keyOf(name)}.answer`, name: `${name} (acknowledgement)`, schema: answer },
}));

const brokerEvents: Described[] = Object.entries(EVENT_SCHEMAS).map(([name, schema]) => ({
  key: name,
  name,
  schema,
}));

/** Events of a conversation's log, as announced on core NATS: the socket's events, with their name as `type`. */
const announcement: Described = {
  key: 'conversation.announcement',
  name: 'conversation.announcement',
  schema: z
    .looseObject({ conversation_id: hostId, type: z.string(), seq: z.int().positive().optional() })
    .describe('An entry of a conversation’s log, or progress, which is in no log and has no seq'),
};

const membership: Described = {
  key: 'user.announcement',
  name: 'user.announcement',
  schema: z
    .object({ type: z.enum(['conversation.added', 'conversation.removed']), conversation_id: hostId })
    .describe('A user’s membership changed'),
};

const appName = { description: '`APP_NAME`, the prefix of all subjects', default: 'claimcheck' };

const brokerChannels = {
  ...Object.fromEntries(
    brokerEvents.map((event) => [
      event.key,
      {
        address: `{app}.${event.name}`,
        servers: [reference('servers/broker')],
        parameters: { app: appName },
        messages: messageReferences([event]),
        description: 'JetStream, at least once',
      },
    ]),
  ),
  conversation: {
    address: '{app}.conversation.{conversation_id}',
    servers: [reference('servers/broker')],
    parameters: { app: appName, conversation_id: {} },
    messages: messageReferences([announcement]),
    description: 'Core NATS, best effort: an announcement of what is in the log',
  },
  user: {
    address: '{app}.user.{user_id}',
    servers: [reference('servers/broker')],
    parameters: { app: appName, user_id: {} },
    messages: messageReferences([membership]),
    description: 'Core NATS, best effort',
  },
};

const socketChannel = {
  address: '/socket.io/',
  servers: [reference('servers/gateway')],
  description: `Socket.IO 4 over WebSocket only, auth { token }. At most ${LIMITS.clientFrameBytes} bytes a frame from clients, at most ${LIMITS.eventBytes} from us; a binary frame ends the connection.`,
  messages: messageReferences([
    ...serverEvents,
    ...requests.flatMap(({ request, answer }) => [request, answer]),
  ]),
};

const operations = {
  'gateway.events': {
    action: 'send',
    channel: reference(`channels/${SOCKET}`),
    messages: serverEvents.map(({ key }) => onChannel(SOCKET, key)),
  },
  ...Object.fromEntries(
    requests.map(({ name, request, answer }) => [
      `gateway.${keyOf(name)}`,
      {
        action: 'receive',
        channel: reference(`channels/${SOCKET}`),
        messages: [onChannel(SOCKET, request.key)],
        reply: { channel: reference(`channels/${SOCKET}`), messages: [onChannel(SOCKET, answer.key)] },
      },
    ]),
  ),
  ...Object.fromEntries(
    brokerEvents.map(({ key }) => [
      `broker.${key}`,
      { action: 'send', channel: reference(`channels/${key}`), messages: [onChannel(key, key)] },
    ]),
  ),
};

/** Returns the AsyncAPI document of everything that is sent over sockets and the broker. */
export const asyncApiDocument = (): object => ({
  asyncapi: '3.0.0',
  info: {
    title: 'Claimcheck events',
    version: '1.0.0',
    description: 'Socket events of the gateway, and events on the broker.',
    license: { name: 'Apache-2.0' },
  },
  defaultContentType: 'application/json',
  servers: {
    gateway: { host: 'gateway.example', protocol: 'wss', description: '`GATEWAY_PUBLIC_URL`' },
    broker: { host: 'nats.example:4222', protocol: 'nats', description: '`NATS_URL`' },
  },
  channels: { [SOCKET]: socketChannel, ...brokerChannels },
  operations,
  components: {
    messages: Object.fromEntries(
      [
        ...serverEvents,
        ...requests.flatMap(({ request, answer }) => [request, answer]),
        ...brokerEvents,
        announcement,
        membership,
      ].map((message) => [message.key, messageOf(message)]),
    ),
  },
});
