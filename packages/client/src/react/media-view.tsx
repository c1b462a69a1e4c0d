import type { CSSProperties } from 'react';
import type { Media } from '../wire/media.ts';
import { MediaAudio } from './media-audio.tsx';
import { MediaFile } from './media-file.tsx';
import { MediaImage } from './media-image.tsx';
import type { MediaLabels } from './media-labels.ts';
import { MediaVideo } from './media-video.tsx';

export interface MediaViewProps {
  /** As it came with a message. */
  media: Media;
  /** In which it is seen. */
  conversationId?: string | undefined;
  /** In words; defaults to the media object's, then to its file name. */
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

/** A media object as its kind is shown: picture, film, recording, or a file to download. */
export const MediaView = (props: MediaViewProps) => {
  const Part = PARTS[props.media.kind];
  return <Part {...props} />;
};
