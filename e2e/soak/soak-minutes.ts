/** How long a soak may take, as `npm run soak` was told. Milliseconds. */
export const soakMs = (): number => Number(process.env.SOAK_MINUTES ?? '10') * 60_000;
