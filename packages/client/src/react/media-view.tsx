import type { CSSProperties } from 'react';
import type { Media } from '../wire/media.ts';
import { MediaAudio } from './media-audio.tsx';
import { MediaFile } from './media-file.tsx';
import { MediaImage } from './media-image.tsx';
import type { MediaLabels } from './media-labels.ts';
import { MediaVideo } from './media-video.tsx';

export interface MediaViewProps {
  /** The description that came with a message. */
  media: Media;
  /** The conversation that shows it. */
  conversationId?: string | undefined;
  /** Describes it in words; defaults to the media object's alt, then to its file name. */
  alt?: string | undefined;
  /** Its name; defaults to the media object's. */
  filename?: string | undefined;
  labels?: Partial<MediaLabels> | undefined;
  className?: string | undefined;
  style?: CSSProperties | undefined;
}

const PARTS = {
  image: MediaImage,
  video: MediaVideo,
  audio: MediaAudio,
  document: MediaFile,
  other: MediaFile,
};

/** Shows a media object by its kind: as a picture, a film, a recording, or a file to download. */
export const MediaView = (props: MediaViewProps) => {
  const Part = PARTS[props.media.kind];
  return <Part {...props} />;
};
