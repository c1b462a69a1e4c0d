/**
 * Limits glibc to two arenas instead of eight per core. The worker decodes pictures in many threads, and each
 * arena keeps the memory of its largest one.
 */
export const WORKER_MEMORY = { MALLOC_ARENA_MAX: '2' } as const;
