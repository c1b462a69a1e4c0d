export { ClaimcheckProvider, type ClaimcheckProviderProps, useClient } from './claimcheck-provider.tsx';
export type { Hls, LoadHls } from './hls.ts';
export { MediaImage, type MediaImageProps } from './media-image.tsx';
export type { MediaLabels } from './media-labels.ts';
export { MediaVideo, type MediaVideoProps } from './media-video.tsx';
export { type UsedConversation, useConversation, useOutgoing } from './use-conversation.ts';
export { type UsedMedia, useMedia } from './use-media.ts';
export { useReadable } from './use-readable.ts';
export { type UsedUploads, useUpload, useUploads } from './use-upload.ts';
