/** Returns how long a soak may take, from `npm run soak`. Milliseconds. */
export const soakMs = (): number => Number(process.env.SOAK_MINUTES ?? '10') * 60_000;
