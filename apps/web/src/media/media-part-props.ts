import type { Media } from '@claimcheck/client';

/** What a kind of media needs to show itself. */
export interface MediaPartProps {
  media: Media;
  /** In which it is seen. */
  conversationId: string;
  /** Its file name. */
  name: string;
  /** Describes it in words. */
  alt: string;
  /** As a square beside others; otherwise in its own proportions. */
  isSquare?: boolean;
  /** Shows it large. */
  onOpen?: () => void;
}
