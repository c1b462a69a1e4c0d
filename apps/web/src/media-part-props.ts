import type { Media } from '@claimcheck/contracts/media';

/** What a kind of media needs to show itself; `name` is its file name, `alt` describes it in words. */
export interface MediaPartProps {
  media: Media;
  name: string;
  alt: string;
}
