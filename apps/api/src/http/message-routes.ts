import { editMessageSchema, sendMessageSchema } from '@claimcheck/contracts/messages';
import { messagesQuerySchema } from '@claimcheck/contracts/rest';
import { Router } from 'express';
import { assertMayRead, assertMember } from '../media/access/membership.ts';
import { deleteMessage } from '../media/messages/delete-message.ts';
import { editMessage } from '../media/messages/edit-message.ts';
import { listMessages } from '../media/messages/list-messages.ts';
import { sendMessage } from '../media/messages/send-message.ts';
import { identityOf } from '../request/authenticate.ts';
import type { HttpContext } from '../request/context.ts';
import { validate } from '../request/validate.ts';
import { hostIdOf } from './conversation-routes.ts';
import { createAtomicallyOnce } from './create-once.ts';
import { mediaIdOf } from './media-routes.ts';

/** Messages: text, and references to media objects; never bytes. */
export const messageRoutes = ({ database, settings }: HttpContext): Router => {
  const router = Router();
  const path = '/v1/conversations/:id/messages';

  router.post(path, async (request, response) => {
    const id = hostIdOf(request.params.id);
    const { user_id, is_backend } = identityOf(response);
    const posting = { conversation_id: id, sender_user_id: user_id, is_backend };
    const input = validate(sendMessageSchema, request.body);
    const { status, body } = await createAtomicallyOnce(
      database,
      { request, response, route: `POST ${path}` },
      async (on) => {
        const { message, created } = await sendMessage(on, settings, posting, input);
        return { created, body: message };
      },
    );
    response.status(status).json(body);
  });

  router.get(path, async (request, response) => {
    const id = hostIdOf(request.params.id);
    const page = validate(messagesQuerySchema, request.query);
    const identity = identityOf(response);
    await assertMayRead(database, id, identity);
    const where = { conversation_id: id, viewer_id: identity.user_id };
    response.json(await listMessages(database, settings, where, page));
  });

  router.patch(`${path}/:messageId`, async (request, response) => {
    const id = hostIdOf(request.params.id);
    const message_id = mediaIdOf(request.params.messageId);
    const edit = validate(editMessageSchema, request.body);
    const user = identityOf(response);
    await assertMayRead(database, id, user);
    const name = { conversation_id: id, message_id, user };
    response.json(await database.transaction((tx) => editMessage(tx, settings, name, edit)));
  });

  router.delete(`${path}/:messageId`, async (request, response) => {
    const id = hostIdOf(request.params.id);
    const messageId = mediaIdOf(request.params.messageId);
    const identity = identityOf(response);
    if (!identity.is_backend) await assertMember(database, id, identity.user_id);
    await database.transaction((tx) =>
      deleteMessage(tx, settings, { conversation_id: id, message_id: messageId }, identity),
    );
    response.status(204).end();
  });

  return router;
};
