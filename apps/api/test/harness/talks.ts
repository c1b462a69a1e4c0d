import type { Message } from '@claimcheck/contracts/messages';
import type { ConversationEvent } from '@claimcheck/contracts/socket-events';
import { v7 as uuidv7 } from 'uuid';
import { callApi } from './call-api.ts';
import { readyMedia } from './ready-media.ts';
import type { TestApi } from './test-api.ts';

interface Answer<Body> {
  status: number;
  body: Body;
}

/** Users who talk through the api under test. */
export const createTalks = (api: TestApi) => {
  const call = async <Body = Message>(
    user: string,
    method: string,
    path: string,
    body?: object,
  ): Promise<Answer<Body>> => {
    const response = await callApi(api, method, path, { token: api.tokenFor(user), body });
    const text = await response.text();
    return { status: response.status, body: text === '' ? undefined : JSON.parse(text) };
  };

  /** A conversation of ann and ben. */
  const talk = async () => {
    const { body } = await call<{ conversation_id: string }>('ann', 'POST', '/v1/conversations', {
      member_ids: ['ben'],
    });
    const path = `/v1/conversations/${body.conversation_id}`;
    return {
      id: body.conversation_id,
      path,
      send: (message: object, user = 'ann') =>
        call(user, 'POST', `${path}/messages`, { client_message_id: uuidv7(), ...message }),
      page: async (user: string) =>
        (await call<{ messages: Message[] }>(user, 'GET', `${path}/messages`)).body.messages,
      log: async (user: string) =>
        (await call<{ events: ConversationEvent[] }>(user, 'GET', `${path}/events?limit=200`)).body.events,
    };
  };

  /** Pictures of ann. */
  const pictures = (count: number): Promise<string[]> =>
    Promise.all(Array.from({ length: count }, () => readyMedia(api)));

  return { call, talk, pictures };
};
