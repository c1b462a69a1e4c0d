declare module 'vitest' {
  interface ProvidedContext {
    /** Environment variables of the test run's servers. */
    stack: Record<string, string>;
  }
}

export {};
