export const LANES = ['media', 'transcode'] as const;
export type Lane = (typeof LANES)[number];
