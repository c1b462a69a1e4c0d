import type { Media, MediaReference } from '@claimcheck/contracts/media';
import type { Message } from '@claimcheck/contracts/messages';
import { assertFits, fits } from '../log/conversation-events.ts';

type Numberless = Omit<Message, 'seq'>;

/** Returns an album's media object without the fields that clients can request later. */
const briefly = (media: MediaReference): MediaReference => ({
  media_object_id: media.media_object_id,
  rev: media.rev,
  state: media.state,
  kind: media.kind,
  content_type: media.content_type,
  size_bytes: media.size_bytes,
  width: media.width,
  height: media.height,
  duration_ms: media.duration_ms,
  thumbhash: media.thumbhash,
  thumbnail_state: media.thumbnail_state,
  scan_state: media.scan_state,
});

const shorter = (media: Media): Media => ({ ...media, alt: undefined, data: undefined });

const shortest = (media: Media): Media => ({
  ...shorter(media),
  waveform: undefined,
  qualities: [],
  lowUrl: undefined,
  mediumUrl: undefined,
  highUrl: undefined,
});

/** Variants from the complete event to the smallest; all contain the message's own texts in full. */
const VERSIONS: readonly {
  single: (media: Media) => Media;
  album: (media: MediaReference) => MediaReference;
}[] = [
  {
    single: (media) => media,
    album: (media) => ({
      ...briefly(media),
      waveform: media.waveform,
      filename: media.filename,
      alt: media.alt,
      data: media.data,
    }),
  },
  { single: shorter, album: (media) => ({ ...briefly(media), filename: media.filename }) },
  { single: shortest, album: briefly },
];

/**
 * Returns a message in the form for an event. An event holds 8 KiB, and ten complete media objects do not fit, so it omits
 * as few as possible of the media fields that `GET /v1/media/:id` returns.
 *
 * @throws ProblemError `too_large` when the texts of the message alone do not fit
 */
export const toEventMessage = <Told extends Numberless>(message: Told): Told => {
  const versions = VERSIONS.map(({ single, album }) => ({
    ...message,
    media: message.media && single(message.media),
    attachments: message.attachments?.map(({ media, ...item }) => ({
      ...item,
      media: media && album(media),
    })),
  }));
  const fitting = versions.find((version) => fits({ message: version }));
  if (fitting !== undefined) return fitting;
  assertFits({ message: versions.at(-1) });
  return message;
};
