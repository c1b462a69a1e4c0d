import type * as lists from '@claimcheck/contracts/lists';
import type * as contractMedia from '@claimcheck/contracts/media';
import { isSettled as isSettledState, isTombstone, MEDIA_STATES } from '@claimcheck/contracts/media';
import type * as messages from '@claimcheck/contracts/messages';
import type * as rest from '@claimcheck/contracts/rest';
import type { MediaUrlItem } from '@claimcheck/contracts/rest';
import type * as socket from '@claimcheck/contracts/socket-events';
import { expect, expectTypeOf, test } from 'vitest';
import type { MediaUrl } from '../media/media-urls.ts';
import type {
  Conversation,
  ConversationEvent,
  GalleryPage,
  MediaProgress,
  Message,
  PatchMessage,
  PostMessage,
  PublicConfig,
} from './conversation.ts';
import { isGone, isSettled, type Media, type MediaReference, type Quality } from './media.ts';
import type { UploadAuthorization, UploadParts } from './upload.ts';

test('the package’s types equal the service’s schemas (checked by the compiler)', () => {
  expectTypeOf<Media>().toEqualTypeOf<contractMedia.Media>();
  expectTypeOf<MediaReference>().toEqualTypeOf<contractMedia.MediaReference>();
  expectTypeOf<Quality>().toEqualTypeOf<contractMedia.Quality>();
  expectTypeOf<Message>().toEqualTypeOf<messages.Message>();
  expectTypeOf<PostMessage>().toEqualTypeOf<messages.SendMessage>();
  expectTypeOf<PatchMessage>().toEqualTypeOf<messages.EditMessage>();
  expectTypeOf<Conversation>().toEqualTypeOf<rest.Conversation>();
  expectTypeOf<GalleryPage>().toEqualTypeOf<lists.GalleryPage>();
  expectTypeOf<PublicConfig>().toEqualTypeOf<rest.PublicConfig>();
  expectTypeOf<rest.UploadAuthorization>().toExtend<UploadAuthorization>();
  expectTypeOf<rest.UploadParts>().toExtend<UploadParts>();
  expectTypeOf<Extract<MediaUrlItem, { url: string }>>().toExtend<MediaUrl>();
  expectTypeOf<socket.ConversationEvent>().toExtend<ConversationEvent>();
  expectTypeOf<ConversationEvent>().toExtend<socket.ConversationEvent>();
  expectTypeOf<MediaProgress>().toEqualTypeOf<Omit<socket.MediaProgress, 'type'>>();
});

test.each(MEDIA_STATES)('the SDK and the service agree on whether %s is settled and gone', (state) => {
  expect([isSettled({ state }), isGone({ state })]).toEqual([isSettledState(state), isTombstone(state)]);
});
