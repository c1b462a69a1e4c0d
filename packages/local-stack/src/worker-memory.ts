/**
 * For the worker's environment where its C library is glibc: two arenas instead of eight per core. Pictures
 * are decoded in many threads, and each arena keeps what its largest one took.
 */
export const WORKER_MEMORY = { MALLOC_ARENA_MAX: '2' } as const;
