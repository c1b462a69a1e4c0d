import { eventFor } from '@claimcheck/contracts/event-for';
import { hostId } from '@claimcheck/contracts/ids';
import { conversationsQuerySchema, galleryQuerySchema } from '@claimcheck/contracts/lists';
import { createConversationSchema, eventsQuerySchema } from '@claimcheck/contracts/rest';
import { readLog } from '@claimcheck/database/conversation-log';
import type { Identity } from '@claimcheck/platform/auth/token-verifier';
import { Router } from 'express';
import { assertMayRead, assertMember } from '../media/access/membership.ts';
import {
  addMember,
  createConversation,
  readConversation,
  readCreator,
  removeMember,
} from '../media/messages/conversations.ts';
import { listConversations } from '../media/messages/list-conversations.ts';
import { listGallery } from '../media/messages/list-gallery.ts';
import { noConversation } from '../media/record/not-found.ts';
import { ProblemError } from '../problem-error.ts';
import { identityOf } from '../request/authenticate.ts';
import type { HttpContext } from '../request/context.ts';
import { chargeItems } from '../request/rate-limit.ts';
import { validate } from '../request/validate.ts';
import { createOnce } from './create-once.ts';

/** Members are written as a set, at a fraction of a request each. */
const MEMBERS_PER_CHARGE = 10;

/** @throws ProblemError `not_found` */
export const hostIdOf = (text: unknown): string => {
  const parsed = hostId.safeParse(text);
  if (!parsed.success)
    throw new ProblemError('not_found', {
      detail: 'An id of a conversation or a user matches [A-Za-z0-9_-]{1,64}.',
    });
  return parsed.data;
};

const memberRoutes = ({ database, config }: HttpContext): Router => {
  const router = Router();

  /** Refuses members with `forbidden`, and others as if the conversation did not exist. */
  const assertMayChangeMembers = async (identity: Identity, conversationId: string, userId: string) => {
    if (identity.is_backend) return;
    await assertMember(database, conversationId, identity.user_id);
    const created_by = await readCreator(database, conversationId);
    const isCreator = config.conversationAdmin === 'creator' && created_by === identity.user_id;
    if (!isCreator && userId !== identity.user_id) throw new ProblemError('forbidden');
  };

  router.put('/v1/conversations/:id/members/:userId', async (request, response) => {
    const id = hostIdOf(request.params.id);
    const userId = validate(hostId, request.params.userId);
    const identity = identityOf(response);
    await assertMayChangeMembers(identity, id, '');
    await database.transaction((tx) => addMember(tx, id, userId));
    response.status(204).end();
  });

  router.delete('/v1/conversations/:id/members/:userId', async (request, response) => {
    const id = hostIdOf(request.params.id);
    const userId = validate(hostId, request.params.userId);
    await assertMayChangeMembers(identityOf(response), id, userId);
    await database.transaction((tx) => removeMember(tx, id, userId));
    response.status(204).end();
  });

  return router;
};

/** Conversations, their members, their log. */
export const conversationRoutes = (context: HttpContext): Router => {
  const { database, config, settings } = context;
  const router = Router();
  router.use(memberRoutes(context));

  const assertMayCreate = (identity: Identity) => {
    if (!identity.is_backend && config.conversationAdmin === 'backend') throw new ProblemError('forbidden');
  };

  router.post('/v1/conversations', async (request, response) => {
    const identity = identityOf(response);
    const input = validate(createConversationSchema, request.body);
    assertMayCreate(identity);
    chargeItems(context, response, Math.ceil(input.member_ids.length / MEMBERS_PER_CHARGE));
    const { status, body } = await createOnce(
      database,
      { request, response, route: 'POST /v1/conversations' },
      async (tx) => {
        const { conversation, created } = await createConversation(tx, {
          conversation_id: input.conversation_id,
          created_by: identity.user_id,
          member_ids: identity.is_backend ? input.member_ids : [identity.user_id, ...input.member_ids],
        });
        return { created, body: conversation };
      },
    );
    response.status(status).json(body);
  });

  router.get('/v1/conversations', async (request, response) => {
    const identity = identityOf(response);
    const query = validate(conversationsQuerySchema, request.query);
    const user_id = query.user_id ?? identity.user_id;
    if (user_id !== identity.user_id && !identity.is_backend) throw new ProblemError('forbidden');
    response.json(
      await listConversations(database, settings, { user_id, viewer_id: identity.user_id }, query),
    );
  });

  router.get('/v1/conversations/:id/media', async (request, response) => {
    const id = hostIdOf(request.params.id);
    const query = validate(galleryQuerySchema, request.query);
    await assertMayRead(database, id, identityOf(response));
    response.json(await listGallery(database, settings, id, query));
  });

  router.get('/v1/conversations/:id', async (request, response) => {
    const id = hostIdOf(request.params.id);
    await assertMayRead(database, id, identityOf(response));
    response.json(await readConversation(database, id));
  });

  router.get('/v1/conversations/:id/events', async (request, response) => {
    const id = hostIdOf(request.params.id);
    const query = validate(eventsQuerySchema, request.query);
    const identity = identityOf(response);
    await assertMayRead(database, id, identity);
    const page = await readLog(database, id, query.since_seq, query.limit);
    if (page === undefined) throw noConversation();
    response.json({
      ...page,
      events: page.events.map((event) => eventFor(event, identity.user_id)),
      resync: query.since_seq < page.pruned_seq,
    });
  });

  return router;
};
