/** Prisma's types, and of its values those that build statements: these do not load its client. */
export { empty, join, raw, sql } from '@prisma/client-runtime-utils';
export type * from './generated/internal/prismaNamespace.ts';
